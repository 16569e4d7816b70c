import Foundation
import PrivatePostgres
import TallyModel
import TallyPostgres
import TallyTesting
import Testing

@Suite("A PostgreSQL database keeps the contracts of stores", .timeLimit(.minutes(15)))
struct PostgresContractTests {
    private static let shared = Task {
        var settings = PostgresServer.Settings()
        settings.more = ["max_replication_slots": "60", "max_wal_senders": "60"]
        return try await PostgresServer.start(settings)
    }

    private static let thing = "CREATE TABLE thing (id bigint PRIMARY KEY, name text, n bigint);"

    /// Runs a test on a database of its own.
    private static func withDatabase(
        _ script: String = "",
        _ body: (PostgresServer, _ name: String) async throws -> Void
    ) async throws {
        let server = try await shared.value
        let name = "contract_" + UUID().uuidString.prefix(8).lowercased()
        try await server.createDatabase(name)
        if !script.isEmpty { try await server.psql(script, database: name) }
        try await body(server, name)
    }

    @Test("as a target", arguments: TargetContract.Rule.allCases)
    func target(rule: TargetContract.Rule) async throws {
        try await Self.withDatabase { server, name in
            let target = PostgresTarget(options: try ConnectionOptions(server.url(database: name)))
            let contract = TargetContract(
                target,
                newRunner: Self.newRunner,
                makeUnique: { table, column in
                    _ = try await server.psql("ALTER TABLE \(table.postgresSQL) ADD UNIQUE (\(column))", database: name)
                }
            ) { table in
                let text = try await server.psql("SELECT * FROM \(table.postgresSQL) ORDER BY 1", database: name)
                return text.split(separator: "\n").map(Self.row)
            }
            try await contract.check(rule)
        }
    }

    @Test("as a source, by its log", arguments: SourceContract.Rule.allCases)
    func log(rule: SourceContract.Rule) async throws {
        try await source(rule, mode: .log) { Position(order: $0.order + 1 << 40, detail: $0.detail) }
    }

    @Test("as a source, by triggers", arguments: SourceContract.Rule.allCases)
    func triggers(rule: SourceContract.Rule) async throws {
        try await source(rule, mode: .trigger) { position in
            // `trigger xmin:xmax:open …`: a snapshot of transactions that nobody has begun.
            var words = position.detail.split(separator: " ").map(String.init)
            var snapshot = words[1].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            snapshot[1] = String((UInt64(snapshot[1]) ?? 0) + 1_000_000)
            words[1] = snapshot.joined(separator: ":")
            return Position(order: position.order + 1_000_000, detail: words.joined(separator: " "))
        }
    }

    private func source(
        _ rule: SourceContract.Rule,
        mode: CaptureSettings.Mode,
        ahead: @escaping @Sendable (Position) -> Position
    ) async throws {
        try await Self.withDatabase(Self.thing) { server, name in
            let source = PostgresSource(options: try ConnectionOptions(server.url(database: name)))
            let contract = SourceContract(source, mode: mode, ahead: ahead) { writes in
                let statements = writes.map(\.sql).joined(separator: "\n")
                try await server.psql("BEGIN;\n\(statements)\nCOMMIT;", database: name)
            }
            try await contract.check(rule)
            try await source.remove(flow: "contract")
        }
    }

    private static func newRunner() -> Runner {
        Runner(id: UUID().uuidString, host: "here", processID: getpid(), processStart: "now")
    }

    /// A row as `psql` shows it, whose texts are no numbers.
    private static func row(_ line: Substring) -> Row {
        Row(
            line.split(separator: "|", omittingEmptySubsequences: false).map { field in
                field.isEmpty ? .null : Int64(field).map(Value.integer) ?? .text(String(field))
            }
        )
    }
}
