import SQLite
import TallyModel
import Threading

/// What `tally check` says about a file to be polled. Changes nothing in it.
actor PolledInspector {
    private let thread = DatabaseThread(name: "tally-check")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Throws: ``StoreError`` when polls could not go on from the checkpoint.
    func verify(_ checkpoint: Checkpoint, path: String) throws {
        let connection = try SourceFile(path).connect(.readOnly)
        defer { connection.close() }
        try connection.transaction(.deferred) {
            try PolledIdentity.verify(checkpoint, in: connection)
            try Beginning.verify(checkpoint, in: connection)
        }
    }

    func findings(path: String, request: CaptureRequest, now: Timestamp) throws -> [Finding] {
        do {
            let connection = try SourceFile(path).connect(.readOnly)
            try connection.execute("BEGIN")
            return try PolledFindings(request: request, now: now, connection: connection).all()
        } catch let error as StoreError {
            return [Finding(.error, table: error.table, error.message)]
        }
    }
}
