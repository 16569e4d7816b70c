import Foundation
import PrivatePostgres
import TallyModel
import TallyPostgres

/// A database of a test's own, captured out of its log, on a server that these tests share.
struct LogDatabase {
    private static let shared = Task {
        var settings = PostgresServer.Settings()
        // Small, so that transactions stream before they are committed.
        settings.more = [
            "logical_decoding_work_mem": "64kB", "max_replication_slots": "60", "max_wal_senders": "60",
            "max_connections": "200",
        ]
        return try await PostgresServer.start(settings)
    }

    let server: PostgresServer
    let name: String
    let options: ConnectionOptions
    let source: PostgresSource

    /// - Parameter server: Where the test does to the server what others must not see.
    init(_ script: String = "", on server: PostgresServer? = nil) async throws {
        if let server { self.server = server } else { self.server = try await Self.shared.value }
        name = "log_" + UUID().uuidString.prefix(8).lowercased()
        try await self.server.psql("CREATE DATABASE \(name)")
        options = try ConnectionOptions(self.server.url(database: name))
        source = PostgresSource(options: options)
        if !script.isEmpty { try await psql(script) }
    }

    /// Runs a test and leaves nothing at the server that would hold others up.
    static func with(_ script: String = "", _ body: (LogDatabase) async throws -> Void) async throws {
        let database = try await LogDatabase(script)
        do {
            try await body(database)
        } catch {
            try await database.source.remove(flow: flow)
            throw error
        }
        try await database.source.remove(flow: flow)
    }

    @discardableResult
    func psql(_ script: String) async throws -> String {
        try await server.psql(script, database: name)
    }

    func connect() throws -> PostgresConnection {
        try PostgresConnection(options, application: "another session")
    }

    static let flow = "orders-to-copy"

    func request(_ patterns: [String] = ["*"], from checkpoint: Checkpoint? = nil) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: Self.flow, targetID: "target", targetLabel: "a copy"),
            tables: TableSelection(patterns),
            checkpoint: checkpoint
        )
    }

    func open(_ patterns: [String] = ["*"], from checkpoint: Checkpoint? = nil) async throws -> LogSession {
        try await LogSession.open(options, request: request(patterns, from: checkpoint))
    }

    /// What the server's own client shows of a table, row by row.
    func rows(of table: String, orderedBy key: String) async throws -> [String] {
        try await psql("SELECT * FROM \(table) ORDER BY \(key)").split(separator: "\n").map { String($0) }
    }
}
