import Foundation
import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("What check says about a source", .timeLimit(.minutes(15)))
struct SourceInspectionTests {
    private func findings(_ schema: String, tables: [String] = ["*"], journal: String = "wal") async throws -> [Finding]
    {
        let file = try SourceFixture(schema, journal: journal)
        let found = try await file.source.inspect(file.request(tables: tables))
        #expect(try file.shell("SELECT count(*) FROM sqlite_schema WHERE name GLOB '_tally*'") == "0")
        return found
    }

    @Test("A plain table is a note of what will be made")
    func plain() async throws {
        let found = try await findings("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE);")
        #expect(found.map(\.severity) == [.note])
        #expect(found[0].message == "5 triggers of Tally's on the table keep its changes")
    }

    @Test("A misspelled table is an error that names the nearest one")
    func misspelled() async throws {
        let found = try await findings(
            "CREATE TABLE customers(id PRIMARY KEY); CREATE TABLE orders(id PRIMARY KEY);",
            tables: ["custmers"]
        )
        let error = try #require(found.first { $0.severity == .error })
        #expect(error.message.contains("custmers") && error.remedy == "did you mean customers?")
    }

    @Test("Tables that need care are named with the reason")
    func careful() async throws {
        let found = try await findings(
            """
            CREATE TABLE hidden(a); CREATE TABLE nulls(k TEXT PRIMARY KEY); INSERT INTO nulls VALUES (NULL);
            CREATE TABLE made(id INTEGER PRIMARY KEY, g AS (id + 1));
            CREATE TRIGGER mine AFTER INSERT ON made BEGIN SELECT 1; END;
            CREATE TABLE nameless(rowid, _rowid_, oid);
            CREATE VIEW v AS SELECT 1;
            """,
            journal: "delete"
        )
        func has(_ severity: Finding.Severity, _ table: String?, _ words: String) -> Bool {
            found.contains { $0.severity == severity && $0.table?.name == table && $0.message.contains(words) }
        }
        #expect(has(.warning, "hidden", "no primary key"))
        #expect(has(.warning, "nulls", "NULL in their key"))
        #expect(has(.note, "made", "generated columns"))
        #expect(has(.note, "made", "read again"))
        #expect(has(.error, "nameless", "rowid"))
        #expect(has(.note, "v", "a view"))
        #expect(has(.note, nil, "rollback journal"))
    }

    @Test("A missing file, a file that is no database, and capture by log are errors that say what to do")
    func unusable() async throws {
        let file = try SourceFixture()
        let missing = try await SQLiteSource(path: file.path + "-none", observer: nil).inspect(file.request())
        #expect(missing.map(\.severity) == [.error])
        let path = file.folder.appending(path: "text.db").path
        try String(repeating: "no database at all ", count: 100).write(toFile: path, atomically: true, encoding: .utf8)
        let text = try await SQLiteSource(path: path, observer: nil).inspect(file.request())
        #expect(text.map(\.severity) == [.error])
        var request = file.request()
        request.capture.mode = .log
        #expect(try await file.source.inspect(request).first?.remedy == "write `capture: trigger`")
        await #expect { _ = try await file.source.open(request) } throws: { ($0 as? StoreError)?.code == .unsupported }
    }

    @Test("A flow that has not been seen for long and holds rows is a warning")
    func staleFlow() async throws {
        let file = try SourceFixture("CREATE TABLE t(id INTEGER PRIMARY KEY);")
        try await file.open(flow: "old").close()
        try file.shell("UPDATE _tally_flow SET seen_at = '2020-01-01T00:00:00Z'; INSERT INTO t VALUES (1), (2);")
        let found = try await file.source.inspect(file.request())
        #expect(
            found.contains {
                $0.severity == .warning && $0.message.contains("old (to copy.db)")
                    && $0.message.contains("2 captured rows")
            }
        )
    }
}
