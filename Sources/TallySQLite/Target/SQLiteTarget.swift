import SQLite
package import TallyModel
import Threading

/// A SQLite file as something to write to.
///
/// Data and checkpoint are written in one transaction. Several flows may write to one file; their transactions take
/// turns.
package struct SQLiteTarget: Target {
    private let path: String

    package init(path: String) {
        self.path = path
    }

    package func catalog() async throws -> [TableSchema] {
        try await TargetReader().catalog(at: path)
    }

    package func inspect(_ tables: [TableSchema], create: Bool) async throws -> [Finding] {
        try await TargetReader().inspect(tables, create: create, at: path)
    }

    package func inspect(_ request: MemberRequest) async throws -> [Finding] {
        try await TargetReader().inspect(request, at: path)
    }

    package func open(flow: String, runner: Runner, takeOver: Bool) async throws -> any TargetSession {
        try await SQLiteTargetSession.open(path: path, flow: flow, runner: runner, takeOver: takeOver)
    }

    package func progress(of flow: String) async throws -> FlowProgress? {
        try await TargetReader().progress(of: flow, at: path)
    }

    package func remove(flow: String) async throws {
        try await TargetReader().remove(flow, at: path)
    }
}

/// What is asked of a target's file without a session, on a thread of its own.
private actor TargetReader {
    private let thread = DatabaseThread(name: "tally-target-reader")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    func catalog(at path: String) throws -> [TableSchema] {
        guard let connection = try connect(to: path) else { return [] }
        defer { connection.close() }
        return try Catalog.tables(in: connection)
    }

    func inspect(_ tables: [TableSchema], create: Bool, at path: String) throws -> [Finding] {
        let connection = try connect(to: path)
        defer { connection?.close() }
        return try TargetInspection(file: TargetFile(path), create: create).findings(for: tables, in: connection)
    }

    func inspect(_ request: MemberRequest, at path: String) throws -> [Finding] {
        let connection = try connect(to: path)
        defer { connection?.close() }
        return try MemberInspection(file: TargetFile(path), request: request).findings(in: connection)
    }

    func progress(of flow: String, at path: String) throws -> FlowProgress? {
        guard let connection = try connect(to: path) else { return nil }
        defer { connection.close() }
        guard try CheckpointTable.exists(in: connection) else { return nil }
        return try connection.transaction(.deferred) { try CheckpointTable.progress(of: flow, in: connection) }
    }

    func remove(_ flow: String, at path: String) throws {
        guard !TargetFile(path).isMissingOrEmpty else { return }
        let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(2))
        defer { connection.close() }
        try connection.transaction { try CheckpointTable.remove(flow, in: connection) }
    }

    /// - Returns: `nil` when there is no file, or nothing in it.
    private func connect(to path: String) throws -> Connection? {
        guard !TargetFile(path).isMissingOrEmpty else { return nil }
        return try Connection(path: path, access: .readOnly, busyTimeout: .seconds(2))
    }
}
