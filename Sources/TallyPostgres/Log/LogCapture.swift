import Threading
package import TallyModel

/// Capture out of the server's log, beside an open session: what is asked of a database before and after one.
package enum LogCapture {
    /// What is wrong, what will be made, and what cannot be captured. Changes nothing.
    package static func inspect(
        _ request: CaptureRequest,
        _ options: ConnectionOptions,
        context: LogContext = LogContext()
    ) async -> [Finding] {
        do {
            return try await LogOffice(options).run { connection in
                try LogInspection(request: request, budget: context.budget, connection: connection).findings()
            }
        } catch let error as StoreError {
            return [Finding(.error, table: error.table, error.message)]
        } catch {
            return [Finding(.error, "\(options.label): \(error)")]
        }
    }

    /// Makes sure that a session could go on exactly from the request's checkpoint. Changes nothing.
    package static func verify(_ request: CaptureRequest, _ options: ConnectionOptions) async throws {
        try await LogOffice(options).run { control in
            let replication = try PostgresConnection(
                options,
                application: "tally",
                purpose: .replication,
                interrupter: control.interrupter
            )
            defer { replication.close() }
            try LogOpening(
                label: options.label,
                control: control,
                replication: replication,
                request: request,
                observer: nil
            ).verify()
        }
    }

    /// Drops what an open session of the flow made. Doing it twice is doing it once.
    package static func remove(flow: String, _ options: ConnectionOptions) async throws {
        try await LogOffice(options).run { try SlotRemoval(flow: flow, connection: $0).run() }
    }

    /// Why changes cannot be captured out of the log by this server and user; `nil` where they can.
    package static func obstacle(_ options: ConnectionOptions) async throws -> String? {
        try await LogOffice(options).run { connection in
            try LogInspection.serverFindings(connection, label: options.label)
                .first { $0.severity == .error }?.message
        }
    }

    /// Whether a checkpoint was written by a session of this capture.
    package static func made(_ checkpoint: Checkpoint) -> Bool { UInt32(checkpoint.position.detail) != nil }

    /// The tables of the database.
    package static func catalog(_ options: ConnectionOptions) async throws -> [TableSchema] {
        try await LogOffice(options).run { try PostgresCatalog.tables(in: $0).map(\.schema) }
    }
}

/// A connection and a thread for one errand.
private actor LogOffice {
    private let thread = DatabaseThread(name: "tally-check")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let options: ConnectionOptions
    private nonisolated let interrupter = Interrupter()

    init(_ options: ConnectionOptions) {
        self.options = options
    }

    func run<Result: Sendable>(_ body: @Sendable (PostgresConnection) throws -> Result) async throws -> Result {
        let interrupter = interrupter
        return try await withTaskCancellationHandler {
            let connection = try PostgresConnection(options, application: "tally", interrupter: interrupter)
            defer { connection.close() }
            return try body(connection)
        } onCancel: {
            interrupter.trigger()
        }
    }
}
