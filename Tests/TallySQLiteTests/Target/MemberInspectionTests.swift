import Foundation
import TallyModel
import TallySQLite
import Testing

@Suite("Checking a SQLite file as a member of a group", .timeLimit(.minutes(15)))
struct MemberInspectionTests {
    private func findings(
        _ script: String?,
        tables: [String] = ["t"],
        place: Int = 1,
        flows: [String] = []
    ) async throws -> [Finding] {
        let fixture = try TargetFixture(source: script ?? "CREATE TABLE t(id TEXT PRIMARY KEY)", target: script)
        return try await fixture.target.inspect(
            MemberRequest(
                group: "g",
                tables: try tables.map { try fixture.schema($0) },
                createsMissing: true,
                place: place,
                memberCount: 3,
                skew: .seconds(60),
                flows: flows,
                now: { Timestamp(microseconds: 0) }
            )
        )
    }

    @Test("A file that is not there will be made, where its folder is")
    func missing() async throws {
        #expect(try await findings(nil).map(\.severity) == [.note])
        let request = MemberRequest(
            group: "g",
            tables: [],
            createsMissing: true,
            place: 0,
            memberCount: 2,
            skew: .zero,
            now: { Timestamp(microseconds: 0) }
        )
        #expect(try await SQLiteTarget(path: "/no/such/folder/m.db").inspect(request).map(\.severity) == [.error])
    }

    @Test(
        "Keys that SQLite gives by itself are told, with one that no other member gives",
        arguments: ["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"]
    )
    func numbering(key: String) async throws {
        let script = "CREATE TABLE t(id \(key), v); INSERT INTO t VALUES (7, 0);"
        let finding = try #require(try await findings(script).first)
        #expect(finding.severity == .warning)
        let start = try #require(finding.remedy?.firstIndex(of: "("))
        let end = try #require(finding.remedy?.range(of: ", or make")?.lowerBound)
        let expression = String(finding.remedy![start..<end])
        let fixture = try TargetFixture(target: script)
        // The next number above 7 that leaves a rest of 1 when divided by 3.
        #expect(try fixture.shell("INSERT INTO t VALUES (\(expression), 1) RETURNING id;") == "10")
        #expect(try fixture.shell("INSERT INTO t VALUES (\(expression), 1) RETURNING id;") == "13")
    }

    @Test(
        "Keys that programs give are no finding",
        arguments: [
            "CREATE TABLE t(id TEXT PRIMARY KEY)", "CREATE TABLE t(id INT PRIMARY KEY)",
            "CREATE TABLE t(id INTEGER PRIMARY KEY) WITHOUT ROWID", "CREATE TABLE t(a INT, b INT, PRIMARY KEY (a, b))",
        ]
    )
    func given(script: String) async throws {
        #expect(try await findings(script) == [])
    }

    @Test("Users' triggers do not fire, and are an error where another flow has the file captured")
    func triggers() async throws {
        let script = """
            CREATE TABLE t(id TEXT PRIMARY KEY, v); CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT 1; END;
            """
        #expect(try await findings(script).map(\.severity) == [.note])
        let captured = try await findings(script, flows: ["other"])
        #expect(captured.map(\.severity) == [.error])
        #expect(captured.first?.message.contains("mine") == true)
    }
}
