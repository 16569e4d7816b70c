import TallyModel
import TallyPostgres
import Testing

@Suite("Tables that change while triggers capture them", .timeLimit(.minutes(15)))
struct CaptureStructureTests {
    private static let items = "CREATE TABLE items (id int PRIMARY KEY, name text, n int)"
    private static let all = "SELECT * FROM items ORDER BY id"

    @Test("a column that is added, renamed or dropped is followed, with the rows written before Tally looked")
    func columns() async throws {
        try await CaptureBench.run(Self.items) { bench in
            var session = try await bench.open()
            let statements = [
                "ALTER TABLE items ADD COLUMN extra text; ALTER TABLE items ADD COLUMN more int",
                "ALTER TABLE items RENAME COLUMN name TO title",
                "ALTER TABLE items DROP COLUMN n",
                "ALTER TABLE items RENAME COLUMN id TO number",
            ]
            let inserts = [
                "(2, 'two', 2, 'x', 5)", "(3, 'three', 3, 'y', 6)", "(4, 'four', 'z', 7)", "(5, 'five', 'z', 8)",
            ]
            var checkpoint: Checkpoint?
            for (id, (statement, insert)) in zip(statements, inserts).enumerated() {
                // The change comes between two rows, and both before anybody looks; every second time nobody is there.
                if id % 2 == 1 { await session.close() }
                let before = "UPDATE items SET \(id < 2 ? "name" : "title") = 'before \(id)'"
                try await bench.write("\(before); \(statement); INSERT INTO items VALUES \(insert)")
                try await bench.writeToCopy(statement)
                if id % 2 == 1 { session = try await bench.open(from: checkpoint) }
                let brought = try await bench.follow(session)
                let changes = brought.structure.map { if case .altered = $0 { true } else { false } }
                #expect(changes == [true])
                checkpoint = Checkpoint(sourceID: await session.sourceID, position: brought.end)
                try await bench.expectSame("SELECT * FROM items ORDER BY 1")
            }
            await session.close()
        }
    }

    @Test(
        "a table is loaded anew when its rows changed in a way that no trigger saw",
        arguments: [
            "ALTER TABLE items ALTER COLUMN n TYPE text USING n * 2",
            "ALTER TABLE items DISABLE TRIGGER ALL; UPDATE items SET n = 7; ALTER TABLE items ENABLE TRIGGER ALL",
            "DROP TRIGGER tally_rows ON items; UPDATE items SET n = 8",
            "ALTER TABLE items DROP COLUMN n; ALTER TABLE items ADD COLUMN n int DEFAULT 4",
            "DROP TABLE items; CREATE TABLE items (id int PRIMARY KEY, name text, n int); INSERT INTO items VALUES (9, 'z', 9)",
        ]
    )
    func invalidation(statement: String) async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            try await bench.write("INSERT INTO items VALUES (1, 'a', 1)")
            try await bench.follow(session)
            try await bench.write("UPDATE items SET name = 'b'; \(statement); UPDATE items SET name = 'c'")
            try await bench.writeToCopy("DROP TABLE items; CREATE TABLE items (id int PRIMARY KEY, name text, n text)")
            let brought = try await bench.follow(session)
            let reloads = brought.structure.filter { if case .invalidated = $0 { true } else { false } }
            #expect(reloads.count == 1)
            try await bench.load(TableName("items"), from: session)
            try await bench.write("UPDATE items SET name = 'd'")
            try await bench.follow(session)
            try await bench.expectSame("SELECT id, name, n FROM items ORDER BY id")
            await session.close()
        }
    }

    @Test("tables that come and go are told in their place, and those not selected are left alone")
    func comingAndGoing() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open(tables: ["*", "!audit_*"])
            let script = """
                CREATE TABLE later (id int PRIMARY KEY, v text); CREATE TABLE audit_log (id int PRIMARY KEY);
                CREATE TABLE keyless (v text);
                """
            try await bench.write(script + "INSERT INTO later VALUES (1, 'before it was captured')")
            try await bench.writeToCopy(script)
            let created = try await bench.nextStructure(session)
            #expect(created?.table == TableName("later"))
            try await bench.write("UPDATE later SET v = 'after'; INSERT INTO later VALUES (2, 'two')")
            try await bench.load(TableName("later"), from: session)
            try await bench.follow(session)
            try await bench.expectSame("SELECT * FROM later ORDER BY id")
            #expect(try await bench.ask("SELECT count(*) FROM pg_trigger WHERE tgname = 'tally_rows'") == "2")
            try await bench.write("DROP TABLE later")
            #expect(try await bench.nextStructure(session) == .dropped(TableName("later")))
            await session.close()
        }
    }

    @Test(
        "no statement of the user's fails because of the triggers",
        arguments: [
            "ALTER TABLE items ALTER COLUMN id TYPE bigint", "ALTER TABLE items RENAME COLUMN id TO number",
            "ALTER TABLE items DROP COLUMN id CASCADE", "ALTER TABLE items RENAME TO things",
            "ALTER TABLE items SET SCHEMA elsewhere", "DROP TABLE items", "REVOKE ALL ON items FROM postgres",
        ]
    )
    func harmlessness(statement: String) async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            try await bench.write("CREATE SCHEMA elsewhere; INSERT INTO items VALUES (1, 'a', 1); \(statement)")
            try await bench.write(
                """
                DO $$ DECLARE name text; BEGIN
                    FOR name IN SELECT oid::regclass FROM pg_class WHERE relname IN ('items', 'things') AND relkind = 'r' LOOP
                        EXECUTE 'UPDATE ' || name || ' SET n = 5';
                        EXECUTE 'DELETE FROM ' || name;
                    END LOOP;
                END $$
                """
            )
            #expect(
                try await bench.ask(
                    "SELECT count(*) FROM pg_class WHERE relname IN ('items', 'things') AND relkind = 'r'"
                ) == (statement.hasPrefix("DROP TABLE") ? "0" : "1")
            )
            await session.close()
        }
    }
}
