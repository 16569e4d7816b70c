import TallyModel
import TallyPostgres
import Testing

@Suite("The stream out of the server's log", .timeLimit(.minutes(15)))
struct LogStreamTests {
    @Test("brings every kind of change, so that a copy built from it equals the table")
    func everyKind() async throws {
        let script = """
            CREATE TABLE items (id bigint PRIMARY KEY, name text, price numeric(12,2), flag boolean);
            CREATE TABLE lines (a int, b text, note text, PRIMARY KEY (b, a));
            CREATE SCHEMA shop; CREATE TABLE shop.places (id int PRIMARY KEY, name text);
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open(["*", "shop.*"])
            var replica = LogReplica(session)
            try await database.psql(
                """
                INSERT INTO items SELECT i, 'item ' || i, i / 3.0, i % 2 = 0 FROM generate_series(1, 50) i;
                UPDATE items SET price = NULL, name = '' WHERE id < 10;
                DELETE FROM items WHERE id BETWEEN 20 AND 25;
                UPDATE items SET id = id + 1000 WHERE id > 45;
                BEGIN; INSERT INTO lines VALUES (1, 'x', 'first'), (1, 'y', NULL); INSERT INTO shop.places VALUES (1, 'é');
                UPDATE lines SET a = 2 WHERE b = 'x'; COMMIT;
                BEGIN; INSERT INTO items VALUES (7777, 'rolled back', 1, true); ROLLBACK;
                """
            )
            try await replica.catchUp(session)
            #expect(replica.rows(of: "items") == (try await database.rows(of: "items", orderedBy: "id")))
            #expect(replica.rows(of: "lines") == (try await database.rows(of: "lines", orderedBy: "b, a")))
            #expect(replica.rows(of: "places", schema: "shop") == ["1|é"])
            #expect(replica.movedKeys == 6)
            try await database.psql("TRUNCATE items, lines; INSERT INTO items VALUES (1, 'after', 1, NULL)")
            try await replica.catchUp(session)
            #expect(replica.rows(of: "items") == ["1|after|1.00|"])
            #expect(replica.rows(of: "lines") == [])
            await session.close()
        }
    }

    @Test(
        "leaves large values absent that an update did not touch, and takes them from the old row where that is logged"
    )
    func toast() async throws {
        let script = """
            CREATE TABLE short (id int PRIMARY KEY, n int, body text);
            CREATE TABLE whole (id int PRIMARY KEY, n int, body text);
            ALTER TABLE short ALTER body SET STORAGE EXTERNAL;
            ALTER TABLE whole ALTER body SET STORAGE EXTERNAL;
            ALTER TABLE whole REPLICA IDENTITY FULL;
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql(
                """
                INSERT INTO short VALUES (1, 1, repeat('x', 9000)); INSERT INTO whole VALUES (1, 1, repeat('y', 9000));
                UPDATE short SET n = 2;
                """
            )
            try await replica.catchUp(session)
            #expect(replica.absent == 1)
            #expect(replica.rows(of: "short") == (try await database.rows(of: "short", orderedBy: "id")))
            try await database.psql("UPDATE whole SET n = 2; UPDATE whole SET id = 5; UPDATE short SET id = 5")
            try await replica.catchUp(session)
            #expect(replica.absent == 2)
            #expect(replica.rows(of: "whole") == (try await database.rows(of: "whole", orderedBy: "id")))
            #expect(replica.rows(of: "short") == (try await database.rows(of: "short", orderedBy: "id")))
            await session.close()
        }
    }

    @Test("knows rows by the index that the replica identity names, and by a unique index where whole rows are logged")
    func identities() async throws {
        let script = """
            CREATE TABLE coded (id serial PRIMARY KEY, code text NOT NULL UNIQUE, n int);
            ALTER TABLE coded REPLICA IDENTITY USING INDEX coded_code_key;
            CREATE TABLE loose (code text NOT NULL UNIQUE, n int); ALTER TABLE loose REPLICA IDENTITY FULL;
            CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
            CREATE TABLE keyless (n int);
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            #expect(session.tables.map(\.name.name).sorted() == ["coded", "loose"])
            var replica = LogReplica(session)
            try await database.psql(
                """
                INSERT INTO coded (code, n) VALUES ('a', 1), ('b', 2), ('c', 3);
                UPDATE coded SET code = 'd' WHERE code = 'a'; DELETE FROM coded WHERE code = 'b';
                INSERT INTO loose VALUES ('a', 1), ('b', 2); UPDATE loose SET code = 'z', n = 9 WHERE code = 'a';
                DELETE FROM loose WHERE code = 'b';
                INSERT INTO nothing VALUES (1); UPDATE nothing SET id = 2; INSERT INTO keyless VALUES (1);
                UPDATE keyless SET n = 2;
                """
            )
            try await replica.catchUp(session)
            #expect(replica.rows(of: "coded") == (try await database.rows(of: "coded", orderedBy: "code")))
            #expect(replica.rows(of: "loose") == ["z|9"])
            await session.close()
        }
    }

    @Test("brings changes of partitions as those of their table")
    func partitions() async throws {
        let script = """
            CREATE TABLE measures (id int, day date, value real, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
            CREATE TABLE measures_1 PARTITION OF measures FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
            CREATE TABLE measures_2 PARTITION OF measures FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql(
                """
                INSERT INTO measures VALUES (1, '2024-05-01', 1.5), (2, '2025-05-01', 2.5);
                UPDATE measures SET day = '2025-06-01' WHERE id = 1;
                CREATE TABLE measures_3 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
                INSERT INTO measures VALUES (3, '2026-05-01', 3.5);
                """
            )
            try await replica.catchUp(session)
            #expect(replica.rows(of: "measures") == (try await database.rows(of: "measures", orderedBy: "id")))
            // That there is a partition more may have been seen by now; it was empty, so nothing is to be loaded.
            #expect(replica.events.allSatisfy { $0 == "altered measures" })
            await session.close()
        }
    }

    @Test("comes as text where a type has no binary form, with the same values")
    func textForm() async throws {
        let script = """
            CREATE TABLE odd (id int PRIMARY KEY, span int4range, place point, tags text[], at timestamptz, sum numeric);
            """
        try await LogDatabase.with(script) { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await database.psql(
                """
                SET timezone = 'UTC'; INSERT INTO odd VALUES
                (1, '[1,5)', '(1,2)', '{a,"b c",NULL}', '2024-02-29 12:00:00.123456+00', 12.340), (2, NULL, NULL, NULL, NULL, NULL);
                """
            )
            try await replica.catchUp(session)
            let shown = try await database.psql(
                "SELECT id, span, place, to_json(tags), to_json(at AT TIME ZONE 'UTC'), sum FROM odd ORDER BY id"
            )
            #expect(shown.hasPrefix("1|[1,5)|(1,2)|[\"a\",\"b c\",null]|\"2024-02-29T12:00:00.123456\"|12.340"))
            #expect(replica.rows(of: "odd").first?.hasPrefix("1|[1,5)|(1,2)|[\"a\",\"b c\",null]|2024-02-29") == true)
            #expect(replica.rows(of: "odd").last == "2|||||")
            await session.close()
        }
    }

    @Test("passes a position on a quiet database, so that whoever waits for it can end")
    func quiet() async throws {
        try await LogDatabase.with("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)") { database in
            let session = try await database.open()
            var replica = LogReplica(session)
            try await replica.load(TableName("t"), from: session)
            #expect(replica.rows(of: "t") == ["1"])
            for _ in 0..<3 { try await replica.catchUp(session) }
            try await session.acknowledge(replica.position)
            await session.close()
            let lag = try await database.psql(
                "SELECT confirmed_flush_lsn - '0/0' = \(replica.position.order) FROM pg_replication_slots "
                    + "WHERE database = current_database()"
            )
            #expect(lag == "t")
        }
    }
}
