package import TallyModel
import Threading

/// A PostgreSQL database as something to write to.
///
/// Data and checkpoint are written in one transaction. What Tally keeps there is in schema `tally`.
package struct PostgresTarget: Target {
    private let options: ConnectionOptions

    package init(options: ConnectionOptions) {
        self.options = options
    }

    package func catalog() async throws -> [TableSchema] {
        try await TargetReader(options).read { connection in
            try PostgresCatalog.tables(in: connection, detail: .structure).map(\.schema)
        }
    }

    package func inspect(_ tables: [TableSchema], create: Bool) async throws -> [Finding] {
        try await TargetReader(options).read { connection in
            try TargetInspection(connection, create: create).findings(for: tables)
        }
    }

    package func inspect(_ request: MemberRequest) async throws -> [Finding] {
        try await TargetReader(options).read { connection in
            try MemberInspection(connection, request).findings()
        }
    }

    package func clockOffset(from now: WallClock) async throws -> Duration? {
        try await TargetReader(options).read { connection in try ServerClock.offset(of: connection, from: now) }
    }

    package func open(flow: String, runner: Runner, takeOver: Bool) async throws -> any TargetSession {
        try await PostgresTargetSession.open(options, flow: flow, runner: runner, takeOver: takeOver)
    }

    package func progress(of flow: String) async throws -> FlowProgress? {
        try await TargetReader(options).read { connection in
            try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            guard try CheckpointTable.exists(in: connection) else { return nil }
            return try CheckpointTable.progress(of: flow, in: connection)
        }
    }

    package func remove(flow: String) async throws {
        try await TargetReader(options).read { connection in
            try connection.execute("BEGIN")
            try CheckpointTable.takeTurn(in: connection)
            try CheckpointTable.remove(flow, in: connection)
            try connection.execute("COMMIT")
        }
    }
}

/// What is asked of a target without a session, on a connection and a thread of its own.
private actor TargetReader {
    private let thread = DatabaseThread(name: "tally-target-reader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let options: ConnectionOptions
    private nonisolated let interrupter = Interrupter()

    init(_ options: ConnectionOptions) {
        self.options = options
    }

    func read<Result: Sendable>(_ body: @Sendable (PostgresConnection) throws -> Result) async throws -> Result {
        try await withTaskCancellationHandler {
            let connection = try PostgresConnection(options, application: "tally", interrupter: interrupter)
            defer { connection.close() }
            return try body(connection)
        } onCancel: {
            interrupter.trigger()
        }
    }
}
