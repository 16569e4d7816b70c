import SQLite
import TallyModel
import TallySQLite
import TallyTesting
import Testing

@Suite("A SQLite file keeps the contracts of stores", .timeLimit(.minutes(15)))
struct ContractTests {
    @Test("as a target", arguments: TargetContract.Rule.allCases)
    func target(rule: TargetContract.Rule) async throws {
        let fixture = try TargetFixture()
        let contract = TargetContract(
            fixture.target,
            newRunner: { Runner.current() },
            makeUnique: { table, column in
                try fixture.shell("CREATE UNIQUE INDEX \(table.name)_\(column) ON \(table.name)(\(column))")
            }
        ) { table in
            let schema = try fixture.schema(table.name, on: fixture.path)
            return try fixture.rows(schema).map { Row($0) }
        }
        try await contract.check(rule)
    }

    @Test("as a source, by triggers", arguments: SourceContract.Rule.allCases)
    func source(rule: SourceContract.Rule) async throws {
        let fixture = try SourceFixture("CREATE TABLE thing(id INTEGER PRIMARY KEY NOT NULL, name TEXT, n INTEGER);")
        let path = fixture.path
        let contract = SourceContract(fixture.source) { writes in
            let statements = writes.map(\.sql).joined(separator: "\n")
            try Self.shell("BEGIN;\n\(statements)\nCOMMIT;", on: path)
        }
        try await contract.check(rule)
        withExtendedLifetime(fixture) {}
    }

    private static func shell(_ script: String, on path: String) throws {
        let other = try Connection(path: path, access: .readWrite)
        defer { other.close() }
        try other.execute(script)
    }
}
