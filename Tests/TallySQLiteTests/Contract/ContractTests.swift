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
        let contract = TargetContract(fixture.target, newRunner: { Runner.current() }) { table in
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
            let statements = writes.map(Self.statement).joined(separator: "\n")
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

    private static func statement(_ write: SourceContract.Write) -> String {
        func literals(_ row: Row) -> [String] {
            row.values.map { value in
                switch value {
                case .integer(let integer): String(integer)
                case .text(let text): "'\(text)'"
                default: "NULL"
                }
            }
        }
        switch write {
        case .insert(let row): return "INSERT INTO thing VALUES (\(literals(row).joined(separator: ", ")));"
        case .update(let row, let key):
            let values = zip(["id", "name", "n"], literals(row)).map { "\($0) = \($1)" }.joined(separator: ", ")
            return "UPDATE thing SET \(values) WHERE id = \(literals(key)[0]);"
        case .delete(let key): return "DELETE FROM thing WHERE id = \(literals(key)[0]);"
        }
    }
}
