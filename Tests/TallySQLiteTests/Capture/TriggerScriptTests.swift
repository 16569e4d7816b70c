import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("The text of triggers", .timeLimit(.minutes(15)))
struct TriggerScriptTests {
    private static let schema = TableSchema(
        name: TableName("t\"t"),
        columns: [Column(id: 0, name: "id", isNullable: false), Column(id: 3, name: "a b")],
        key: [0]
    )

    @Test("A table without unique indexes and other triggers gets three plain triggers")
    func plain() {
        let script = TriggerScript(shape: 7, schema: Self.schema, uniqueIndexes: [], reading: .given)
        #expect(script.triggers.map(\.name) == ["_tally_7_insert", "_tally_7_update", "_tally_7_delete"])
        #expect(
            script.triggers[0].sql == """
                CREATE TRIGGER "_tally_7_insert" AFTER INSERT ON "t""t" BEGIN
                INSERT INTO _tally_log(kind, at, c0, c3) SELECT 28, julianday('now'), (SELECT NEW."id"), \
                (SELECT NEW."a b") FROM (SELECT NULL AS "id", NULL AS "a b") AS NEW;
                END
                """
        )
        #expect(
            script.triggers[2].sql == """
                CREATE TRIGGER "_tally_7_delete" AFTER DELETE ON "t""t" BEGIN
                INSERT INTO _tally_log(kind, at, c0) SELECT 30, julianday('now'), OLD."id";
                END
                """
        )
    }

    @Test("What columns are called now is read from the text, whatever their names are", arguments: [true, false])
    func columnNames(isGiven: Bool) throws {
        let names = ["id", "(SELECT NEW.\"x\")", "it's \"so\"", "größe", "select"]
        let schema = TableSchema(
            name: TableName("t"),
            columns: names.enumerated().map { Column(id: $0.offset, name: $0.element) },
            key: [0]
        )
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.execute(
            "CREATE TABLE _tally_log(seq INTEGER PRIMARY KEY, kind, at, c0, c1, c2, c3, c4);"
                + "CREATE TABLE t(\(names.map { quoted($0) }.joined(separator: ", ")))"
        )
        let script = TriggerScript(shape: 1, schema: schema, uniqueIndexes: [], reading: isGiven ? .given : .current)
        if let victimTable = script.victimTable { try connection.execute(victimTable) }
        for trigger in script.triggers { try connection.execute(trigger.sql) }

        func present() throws -> [String] {
            guard
                case .text(let sql)? = try connection.first(
                    "SELECT sql FROM sqlite_schema WHERE name = '_tally_1_insert'"
                )?.first
            else { return [] }
            return TriggerText.columnNames(inInsertTrigger: sql)
        }
        #expect(try present() == names)
        try connection.execute("ALTER TABLE t RENAME COLUMN \"select\" TO plain")
        try connection.execute("ALTER TABLE t RENAME COLUMN \(quoted(names[1])) TO \"r.\"\"q\"\"\"")
        #expect(try present() == ["id", "r.\"q\"", "it's \"so\"", "größe", "plain"])
    }
}
