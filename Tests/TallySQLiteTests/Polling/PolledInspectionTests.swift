import Testing
import TallyModel
import TallySQLite

@Suite("Checking a polled source", .timeLimit(.minutes(15)))
struct PolledInspectionTests {
    @Test("what polling will not see is said, with what to do about it")
    func findings() async throws {
        let file = try PolledFile(
            """
            CREATE TABLE mixed(id INTEGER PRIMARY KEY, at);
            INSERT INTO mixed VALUES (1, '2026-11-21 09:00:00'), (2, 1795251600), (3, NULL), (4, '2026-11-21T09:00:00+01:00');
            CREATE TABLE ahead(at TEXT); INSERT INTO ahead VALUES ('2030-01-01 00:00:00');
            CREATE TABLE digits(id INTEGER PRIMARY KEY, at TEXT); INSERT INTO digits VALUES (1, '1795251600');
            CREATE TABLE bare(id INTEGER PRIMARY KEY);
            CREATE TABLE fine(id INTEGER PRIMARY KEY, at TEXT, gone); CREATE INDEX f ON fine(at, gone);
            INSERT INTO fine VALUES (1, '2026-11-21 09:00:00', 0);
            """
        )
        let findings = try await file.inspect(.stamped(softDelete: "gone"), tables: ["*", "nowhere"])
        func about(_ table: String) -> [String] {
            findings.filter { $0.table?.name == table }.map { "\($0.severity.rawValue): \($0.message)" }
        }
        #expect(findings.contains { $0.severity == .error && $0.message.contains("no table matches nowhere") })
        #expect(about("fine") == [])
        #expect(about("mixed").contains { $0.hasPrefix("warning: 1 rows have NULL in column at") })
        #expect(about("mixed").contains { $0.hasPrefix("warning: no index begins with column at") })
        #expect(about("mixed").contains { $0.contains("are written in several forms (integer, text") })
        #expect(about("mixed").contains { $0.hasPrefix("note: the times in column at carry a zone offset") })
        #expect(about("mixed").contains { $0.hasPrefix("warning: there is no column gone") })
        #expect(about("ahead").contains { $0.hasPrefix("warning: rows have times in the future") })
        #expect(about("ahead").contains { $0.hasPrefix("warning: the table has no primary key") })
        #expect(
            about("digits").contains { $0.hasPrefix("error: table digits: column at does not hold points in time") }
        )
        #expect(about("bare").contains { $0.hasPrefix("error: table bare has no column at") })
        #expect(try file.shell("SELECT count(*) FROM sqlite_schema WHERE name LIKE '_tally%'") == "0")
    }

    @Test("a counter of each row's own writes is recognised")
    func perRowCounter() async throws {
        let file = try PolledFile(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER NOT NULL); CREATE INDEX i ON t(v);
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50)
            INSERT INTO t SELECT i, i % 3 FROM n;
            """
        )
        let findings = try await file.inspect(.versioned())
        #expect(findings.contains { $0.severity == .warning && $0.message.contains("50 rows share 3 versions") })
        #expect(findings.contains { $0.message.contains("polling does not see deletes") })
    }

    @Test("a file that is not there is an error with its path")
    func missingFile() async throws {
        let request = CaptureRequest(
            consumer: Consumer(flow: "f", targetID: "t", targetLabel: "t"),
            tables: TableSelection(["*"]),
            capture: .stamped()
        )
        let findings = try await PolledSession.inspect(path: "/nowhere/at-all.db", request: request)
        #expect(findings.map(\.severity) == [.error])
        #expect(findings.first?.message.contains("/nowhere/at-all.db") == true)
    }
}
