import TallyModel
import TallySQLite
import Testing

@Suite("Checking a SQLite target", .timeLimit(.minutes(15)))
struct TargetInspectionTests {
    private static let source = "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE, n INT);"

    private func findings(_ target: String?, create: Bool = true) async throws -> [Finding] {
        let fixture = try TargetFixture(source: Self.source, target: target)
        return try await fixture.target.inspect([try fixture.schema("t")], create: create)
    }

    private func problems(_ target: String, create: Bool = true) async throws -> [String] {
        try await findings(target, create: create).filter { $0.severity != .note }.map {
            "\($0.severity) \($0.message)"
        }
    }

    @Test("A file that is not there will be made, and its tables, or not")
    func missing() async throws {
        #expect(try await findings(nil).allSatisfy { $0.severity == .note })
        let refused = try await findings(nil, create: false)
        #expect(refused.filter { $0.severity == .error }.map(\.table) == [TableName("t")])
        let nowhere = SQLiteTarget(path: "/no/such/folder/target.db")
        #expect(try await nowhere.inspect([], create: true).map(\.severity) == [.error])
    }

    @Test("A table that fits is no finding, but that it holds rows")
    func fits() async throws {
        #expect(try await findings(Self.source) == [])
        let findings = try await findings(Self.source + "INSERT INTO t VALUES (1, 'a', 1)")
        #expect(findings.map(\.severity) == [.note])
        #expect(findings[0].message.contains("holds rows"))
    }

    @Test("Missing columns are named")
    func columns() async throws {
        let table = "CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)"
        #expect(try await problems(table).first?.hasPrefix("warning") == true)
        let refused = try await problems(table, create: false)
        #expect(refused.count == 1)
        #expect(refused.first?.hasPrefix("error") == true)
        #expect(refused.first?.contains("no column n;") == true)
    }

    @Test("A key that is not the source's is an error; a unique index on the same columns will do")
    func keys() async throws {
        let other = try await problems("CREATE TABLE t(id INTEGER, name TEXT PRIMARY KEY, n INT)")
        #expect(other.first?.contains("rows are known by id") == true)
        #expect(
            try await problems("CREATE TABLE t(id INTEGER, name TEXT, n INT); CREATE UNIQUE INDEX u ON t(id)") == []
        )
    }

    @Test("What no row could fill, and what some rows cannot pass, is found")
    func constraints() async throws {
        let problems = try await problems(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, name INTEGER, n INT NOT NULL, own NOT NULL, ok NOT NULL DEFAULT 1)"
        )
        #expect(problems.count == 3)
        #expect(problems[0].hasPrefix("error the target's column own is NOT NULL"))
        #expect(problems[1].hasPrefix("warning name is of type TEXT in the source and of INTEGER"))
        #expect(problems[2].hasPrefix("warning n may be NULL"))
    }

    @Test("A view of that name is an error, and triggers are a note")
    func others() async throws {
        #expect(try await problems("CREATE VIEW t AS SELECT 1").first?.contains("a view of that name") == true)
        let trigger = "CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT 1; END;"
        let findings = try await findings(Self.source + trigger)
        #expect(findings.map(\.severity) == [.note])
        #expect(findings[0].message.contains("mine"))
        #expect(try await problems(Self.source + trigger + "CREATE TABLE _tally_shape(id)").count == 1)
    }
}
