import Threading
import TallyModel

/// What `tally check` says about a database to be captured without its log. Changes nothing in it.
actor CaptureInspector {
    private let thread = DatabaseThread(name: "tally-check")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func triggerFindings(_ request: CaptureRequest, _ options: ConnectionOptions) -> [Finding] {
        reading(options) { try TriggerFindings(request: request, connection: $0).all() }
    }

    func polledFindings(_ request: CaptureRequest, _ options: ConnectionOptions) -> [Finding] {
        reading(options) { try PolledFindings(request: request, connection: $0).all() }
    }

    func verifyTriggers(_ request: CaptureRequest, _ options: ConnectionOptions) throws {
        guard let checkpoint = request.checkpoint else { return }
        let connection = try PostgresConnection(options, application: "tally check")
        defer { connection.close() }
        let (flow, id) = (request.consumer.flow, try SourceIdentity.read(in: connection))
        try SourceIdentity.verify(checkpoint, is: id, label: connection.label)
        _ = try CaptureHistory.verify(checkpoint.position, flow: flow, in: connection)
    }

    func verifyPolls(_ request: CaptureRequest, _ options: ConnectionOptions) throws {
        guard let checkpoint = request.checkpoint else { return }
        let connection = try PostgresConnection(options, application: "tally check")
        defer { connection.close() }
        try Poller.verify(checkpoint, flow: request.consumer.flow, in: connection)
    }

    private func reading(_ options: ConnectionOptions, _ body: (PostgresConnection) throws -> [Finding]) -> [Finding] {
        do {
            let connection = try PostgresConnection(options, application: "tally check")
            defer { connection.close() }
            return try connection.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY") { try body(connection) }
        } catch let error as StoreError {
            return [Finding(.error, table: error.table, error.message)]
        } catch {
            return [Finding(.error, "\(options.label): \(error)")]
        }
    }
}
