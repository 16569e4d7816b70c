import SQLite
import TallyHarness
import TallyModel
import Testing

/// Tables and columns that come, go and change their names while the flow runs.
@Suite(.timeLimit(.minutes(15)))
struct StructureTests {
    @Test
    func addedRenamedAndDroppedColumnsAreFollowedWhileTheFlowRuns() async throws {
        let site = try Site(flow: "schema: { dropped: follow }")
        try await site.source.run(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);
            INSERT INTO t SELECT value, 'a' || value, value FROM generate_series(1, 500);
            """
        )
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        let writer = BackgroundWriter(path: site.source.path, pace: .milliseconds(1), Touches())
        let before = writer.transactions
        try await site.source.run("ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'žádné';")
        try await site.source.run("UPDATE t SET c = 'set' WHERE id % 3 = 0;")
        try await site.source.run("ALTER TABLE t RENAME COLUMN a TO name;")
        try await site.source.run("UPDATE t SET name = 'renamed' WHERE id % 5 = 0;")
        try await site.source.run("ALTER TABLE t DROP COLUMN b;")
        try await site.source.run("CREATE TABLE later (k TEXT PRIMARY KEY, v); INSERT INTO later VALUES ('first', 1);")
        try await eventually("the writer went on beside it") { writer.transactions > before + 50 }
        try await writer.stop()
        try await site.source.run("INSERT INTO later VALUES ('last', 2);")
        try await eventually("the last change is there") {
            guard try await site.target.tables().contains("later") else { return false }
            return try await site.target.run("SELECT count(*) FROM later WHERE k = 'last';") == "1"
        }
        try await site.stop(child)
        try await site.requireAgreement()
        #expect(try await site.target.lines("SELECT name FROM pragma_table_info('t');") == ["id", "name", "c"])
    }

    @Test
    func aNewColumnTakesNothingFromADroppedOneOfTheSameName() async throws {
        let site = try Site()
        try await site.source.run("CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT, v);")
        try await site.source.run("INSERT INTO t SELECT value, 'old', value FROM generate_series(1, 300);")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await site.source.run("ALTER TABLE t DROP COLUMN note; INSERT INTO t VALUES (1000, 1);")
        try await site.waitForTarget("SELECT count(*) FROM t WHERE id = 1000;", "1")
        #expect(try await site.target.run("SELECT count(*) FROM t WHERE note = 'old';") == "300")
        try await site.source.run("ALTER TABLE t ADD COLUMN note TEXT; UPDATE t SET note = 'new' WHERE id = 7;")
        try await site.waitForTarget("SELECT count(*), max(note) FROM t WHERE note IS NOT NULL;", "1|new")
        try await site.stop(child)
    }

    @Test
    func aDroppedTableKeepsItsRowsInTheTargetAndTheOthersGoOn() async throws {
        let site = try Site()
        try await site.source.run("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);")
        try await site.source.run("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await site.source.run("DROP TABLE a; INSERT INTO b VALUES (2);")
        try await site.waitForTarget("SELECT count(*) FROM b;", "2")
        #expect(try await site.target.run("SELECT count(*) FROM a;") == "1")
        try await site.stop(child)
    }

    /// Writes to columns that the structure changes leave alone.
    private struct Touches: Workload {
        private var number: Int64 = 1000

        mutating func step(_ connection: Connection) throws {
            number += 1
            try connection.run("INSERT INTO t (id) VALUES (?)", .integer(number))
            try connection.run("DELETE FROM t WHERE id = ?", .integer(number - 20))
        }
    }
}
