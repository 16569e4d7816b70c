import Foundation
import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

/// A database of a test's own to write to, on a server that the tests of this folder share.
struct TargetDatabase {
    private static let shared = Task { try await PostgresServer.start() }

    let server: PostgresServer
    let name: String
    let user: String

    /// - Parameter user: A role to write as, made without any right but to log in; `nil` for the superuser.
    init(_ script: String = "", user: String? = nil) async throws {
        server = try await Self.shared.value
        name = "target_" + UUID().uuidString.prefix(8).lowercased()
        self.user = user ?? "postgres"
        try await server.psql("CREATE DATABASE \(name)")
        if !script.isEmpty { try await psql(script) }
    }

    @discardableResult
    func psql(_ script: String) async throws -> String {
        try await server.psql(script, database: name)
    }

    var target: PostgresTarget {
        get throws { PostgresTarget(options: try ConnectionOptions(server.url(database: name, user: user))) }
    }

    func open(
        _ flow: String = "flow",
        runner: Runner = .made(),
        takeOver: Bool = false
    ) async throws -> any TargetSession {
        try await target.open(flow: flow, runner: runner, takeOver: takeOver)
    }

    /// A table as the target's catalog has it.
    func schema(_ table: String) async throws -> TableSchema {
        let all = try await target.catalog()
        return try #require(all.first { $0.name == TableName(table) })
    }

    /// The same with all that it takes to make it elsewhere, as a source hands it over.
    func definedSchema(_ table: String) throws -> TableSchema {
        let connection = try PostgresConnection(ConnectionOptions(server.url(database: name)), application: "tests")
        let found = try PostgresCatalog.table(named: TableName(table), in: connection, detail: .definition)
        return try #require(found).schema
    }

    /// Ends the server's processes of a flow's session, as a lost network does.
    func cutConnections(of flow: String = "flow") async throws {
        try await psql(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = '\(name)' AND application_name = 'tally \(flow)'
            """
        )
    }
}

extension Runner {
    static func made(host: String = "here") -> Runner {
        Runner(id: UUID().uuidString, host: host, processID: 4711, processStart: "")
    }
}

extension TargetSession {
    /// Applies changes of one table.
    @discardableResult
    func apply(_ changes: [Change], to schema: TableSchema, replaying: Bool = false) async throws -> ApplyOutcome {
        let slice = Slice(tables: [schema], changes: changes, end: nil, byteCount: 0)
        return try await apply(slice, replaying: replaying ? [schema.name] : [])
    }

    func commit() async throws { try await commit(nil, notes: []) }
}

extension Change {
    static func insert(_ values: Value..., table: Int = 0) -> Change {
        Change(.insert, table: table, row: Row(values))
    }

    static func update(_ values: Value?..., from former: [Value]? = nil) -> Change {
        Change(.update, table: 0, row: Row(values), formerKey: former.map { Row($0) })
    }

    static func delete(_ values: Value?...) -> Change { Change(.delete, table: 0, row: Row(values)) }
}

extension Chunk {
    static func of(_ schema: TableSchema, _ rows: [Row], range: KeyRange = .all) -> Chunk {
        Chunk(schema: schema, rows: rows, range: range, isLast: true, asOf: Position(order: 1), byteCount: 0)
    }
}
