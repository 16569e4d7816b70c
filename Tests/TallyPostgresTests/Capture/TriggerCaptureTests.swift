import TallyModel
import TallyPostgres
import Testing

@Suite("PostgreSQL captured by triggers", .timeLimit(.minutes(15)))
struct TriggerCaptureTests {
    private static let items = "CREATE TABLE items (id int PRIMARY KEY, name text, price numeric(12,2))"
    private static let all = "SELECT * FROM items ORDER BY id"

    @Test("brings every insert, update, delete, change of key and truncation, in order")
    func changes() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            try await bench.write(
                """
                INSERT INTO items VALUES (1, 'one', 1.50), (2, NULL, NULL), (3, '', 3);
                BEGIN; UPDATE items SET name = 'Ünö "quoted", \\back' WHERE id = 1; DELETE FROM items WHERE id = 2; COMMIT;
                UPDATE items SET id = 30, price = 30.10 WHERE id = 3;
                INSERT INTO items VALUES (1, 'x', 1) ON CONFLICT (id) DO UPDATE SET price = 9;
                BEGIN; INSERT INTO items VALUES (4); ROLLBACK;
                BEGIN; SAVEPOINT a; INSERT INTO items VALUES (5); ROLLBACK TO a; INSERT INTO items VALUES (6); COMMIT;
                """
            )
            let brought = try await bench.follow(session)
            #expect(brought.letters == "iiiuduui")
            #expect(brought.changes[5].formerKey == Row([.integer(3)]))
            try await bench.expectSame(Self.all)
            try await bench.write("TRUNCATE items; INSERT INTO items VALUES (7, 'after', 0)")
            #expect(try await bench.follow(session).letters == "ti")
            try await bench.expectSame(Self.all)
            await session.close()
        }
    }

    @Test("never passes over a transaction that commits late")
    func lateCommit() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            let (early, late) = (try bench.writer(), try bench.writer())
            // late              early             stream
            // BEGIN, insert 1
            //                   insert 2, COMMIT
            //                                     brings 2
            // insert 3, COMMIT
            //                                     brings 1 and 3
            try late.execute("BEGIN; INSERT INTO items VALUES (1, 'late')")
            try early.execute("INSERT INTO items VALUES (2, 'early')")
            let first = try await bench.follow(session)
            #expect(first.changes.map { $0.row.values[0] } == [.integer(2)])
            try late.execute("INSERT INTO items VALUES (3, 'late too'); COMMIT")
            let second = try await bench.follow(session)
            #expect(second.changes.map { $0.row.values[0] } == [.integer(1), .integer(3)])
            try await bench.expectSame(Self.all)
            await session.close()
        }
    }

    @Test(
        "goes on from a checkpoint exactly, also where a transaction was open at it, and keeps what is not acknowledged"
    )
    func resumption() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let late = try bench.writer()
            var session = try await bench.open()
            try await bench.write("INSERT INTO items SELECT n, 'row' FROM generate_series(1, 1000) n")
            try late.execute("BEGIN; INSERT INTO items VALUES (2000, 'late')")
            let first = try await bench.follow(session)
            #expect(first.changes.count == 1000)
            try await session.acknowledge(first.end)
            let checkpoint = Checkpoint(sourceID: await session.sourceID, position: first.end)
            await session.close()
            try await bench.write("DELETE FROM items WHERE id <= 10; UPDATE items SET name = 'new' WHERE id = 11")
            try late.execute("COMMIT")
            for _ in 1...2 {
                session = try await bench.open(from: checkpoint, sliceLimit: .kibibytes(1))
                #expect(await session.start == first.end)
                let second = try await bench.follow(session)
                #expect(second.changes.count == 12)
                #expect(second.slices > 1)
                try await bench.expectSame(Self.all)
                await session.close()
            }
        }
    }

    @Test("keeps every type as the server shows it, whatever the writer's session is set to")
    func types() async throws {
        let samples = TypeSamples.all
        let tables = samples.enumerated().map { "CREATE TABLE t\($0) (id int PRIMARY KEY, v \($1.type));" }
        try await CaptureBench.run(TypeSamples.preparation + tables.joined(separator: "\n")) { bench in
            let session = try await bench.open()
            let writer = try bench.writer()
            try writer.execute(
                """
                SET datestyle = 'German, DMY'; SET timezone = 'America/St_Johns'; SET intervalstyle = 'sql_standard';
                SET bytea_output = 'escape'; SET extra_float_digits = -5; SET client_encoding = 'UTF8'
                """
            )
            for (number, sample) in samples.enumerated() {
                for (id, value) in (sample.values + ["NULL"]).enumerated() {
                    try writer.execute("INSERT INTO t\(number) VALUES (\(id), (\(value))::\(sample.type))")
                }
                try writer.execute("UPDATE t\(number) SET id = id + 100")
            }
            let brought = try await bench.follow(session)
            #expect(brought.changes.allSatisfy { $0.operation == .insert || $0.formerKey != nil })
            for number in samples.indices { try await bench.expectSame("SELECT * FROM t\(number) ORDER BY id") }
            await session.close()
        }
    }

    @Test("lets programs write that have no rights on Tally's tables, and flows share what is captured")
    func sharing() async throws {
        try await CaptureBench.run(Self.items) { bench in
            try await bench.write(
                "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN; GRANT INSERT, UPDATE, SELECT ON items TO clerk"
            )
            let (one, two) = (try await bench.open(flow: "one"), try await bench.open(flow: "two"))
            try await bench.write("INSERT INTO items VALUES (1, 'by a clerk')", user: "clerk")
            let (first, second) = (try await bench.follow(one), try await bench.follow(two))
            #expect(first.letters == "i" && second.letters == "i")
            try await one.acknowledge(first.end)
            await one.close()
            #expect(try await bench.ask("SELECT count(*) FROM tally.log WHERE operation = 'i'") == "1")
            try await two.acknowledge(second.end)
            await two.close()
            try await bench.write("INSERT INTO items VALUES (2)")
            let last = try await bench.open(
                flow: "two",
                from: Checkpoint(sourceID: await two.sourceID, position: second.end)
            )
            let third = try await bench.follow(last)
            #expect(third.letters == "i")
            try await last.acknowledge(third.end)
            await last.close()
            try await bench.expectSame(Self.all)
            try await TriggerCapture.remove(flow: "one", bench.options())
            #expect(try await bench.leftovers().contains("tally_rows"))
            for _ in 1...2 { try await TriggerCapture.remove(flow: "two", bench.options()) }
            #expect(try await bench.leftovers() == "")
            try await bench.write("INSERT INTO items VALUES (3)")
        }
    }

    @Test("removes from the source what every flow has acknowledged")
    func removal() async throws {
        try await CaptureBench.run(Self.items) { bench in
            let session = try await bench.open()
            try await bench.write("INSERT INTO items SELECT n FROM generate_series(1, 25000) n")
            let end = try await bench.skim(session)
            try await session.acknowledge(end)
            await session.close()
            // The one that the position points at stays.
            #expect(try await bench.ask("SELECT count(*) FROM tally.log") == "1")
        }
    }

    @Test("reads again a row that was changed while a statement was at work on it")
    func nestedChanges() async throws {
        let script = """
            CREATE TABLE items (id int PRIMARY KEY, n int, total int);
            CREATE FUNCTION spread() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                UPDATE items SET total = coalesce(total, 0) + NEW.n WHERE id <> NEW.id;
                RETURN NULL;
            END $$;
            """
        try await CaptureBench.run(script) { bench in
            try await bench.write(
                """
                CREATE TRIGGER a_spread AFTER INSERT OR UPDATE OF n ON items FOR EACH ROW EXECUTE FUNCTION spread();
                CREATE TABLE nodes (id int PRIMARY KEY, parent int REFERENCES nodes ON DELETE CASCADE ON UPDATE CASCADE);
                """
            )
            try await bench.writeToCopy("CREATE TABLE nodes (id int PRIMARY KEY, parent int)")
            let session = try await bench.open()
            try await bench.write(
                """
                INSERT INTO items SELECT n, n FROM generate_series(1, 20) n;
                UPDATE items SET n = n * 10;
                INSERT INTO nodes VALUES (1, NULL), (2, 1), (3, 2), (4, 4);
                UPDATE nodes SET id = id + 100;
                DELETE FROM nodes WHERE id = 102;
                """
            )
            try await bench.follow(session)
            try await bench.expectSame("SELECT * FROM items ORDER BY id")
            try await bench.expectSame("SELECT * FROM nodes ORDER BY id")
            await session.close()
        }
    }

    @Test("captures partitions whose columns are in another order, and rows that move between them")
    func partitions() async throws {
        let script = """
            CREATE TABLE items (id int, region text, n int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
            CREATE TABLE north PARTITION OF items FOR VALUES IN ('n');
            CREATE TABLE south (n int, region text NOT NULL, id int NOT NULL, PRIMARY KEY (id, region));
            ALTER TABLE items ATTACH PARTITION south FOR VALUES IN ('s');
            """
        try await CaptureBench.run(script) { bench in
            let session = try await bench.open()
            #expect(await session.tables.map(\.name.name) == ["items"])
            try await bench.write(
                """
                INSERT INTO items VALUES (1, 'n', 10), (2, 's', 20); UPDATE items SET n = n + 1;
                UPDATE items SET region = 's' WHERE id = 1; INSERT INTO south(id, region, n) VALUES (3, 's', 30);
                """
            )
            try await bench.follow(session)
            try await bench.expectSame("SELECT id, region, n FROM items ORDER BY id")
            await session.close()
        }
    }
}
