import TallyModel
import TallyPostgres
import Testing

@Suite("Changes applied to a PostgreSQL target", .timeLimit(.minutes(15)))
struct PostgresApplyTests {
    private static let table = "CREATE TABLE t (id int PRIMARY KEY, name text, price numeric(8,2))"

    @Test("arrive as they are: inserts, updates, deletes, a few or many")
    func plain() async throws {
        for count in [3, 3000] {
            let database = try await TargetDatabase(Self.table)
            let schema = try await database.schema("t")
            let session = try await database.open()
            let rows = (0..<count).map { Change.insert(.integer(Int64($0)), .text("row \($0)"), .decimal("1.50")) }
            var outcome = try await session.apply(rows, to: schema)
            #expect(outcome == ApplyOutcome())
            let updates = (1..<count).reversed().map {
                Change.update(.integer(Int64($0)), .text("new\t\($0)"), .null)
            }
            outcome = try await session.apply(updates + [.delete(.integer(0), nil, nil)], to: schema)
            #expect(outcome == ApplyOutcome())
            try await session.commit()
            await session.close()
            let answer = try await database.psql(
                "SELECT count(*), bool_and(name = E'new\\t' || id), bool_and(price IS NULL), min(id) FROM t"
            )
            #expect(answer == "\(count - 1)|t|t|1")
        }
    }

    @Test("leave columns alone that a change does not say")
    func absent() async throws {
        let database = try await TargetDatabase("\(Self.table); INSERT INTO t VALUES (1, 'keep', 1), (2, 'keep', 2)")
        let schema = try await database.schema("t")
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .update(.integer(1), nil, .decimal("9.99")), .update(.integer(2), .text("new"), nil),
                .update(.integer(2), nil, .decimal("7")),
            ],
            to: schema
        )
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t ORDER BY id") == "1|keep|9.99\n2|new|7.00")
    }

    @Test("are made to agree where the target differs, and counted")
    func mended() async throws {
        let database = try await TargetDatabase("\(Self.table); INSERT INTO t VALUES (1, 'old', 1), (9, 'stays', 9)")
        let schema = try await database.schema("t")
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .insert(.integer(1), .text("there already"), .null), .insert(.integer(2), .text("b"), .null),
                .update(.integer(3), .text("missing"), .null), .delete(.integer(4), nil, nil),
                .update(.integer(5), .text("incomplete"), nil),
            ],
            to: schema
        )
        #expect(outcome.mended == 3)
        #expect(outcome.rejections.map(\.index) == [4])
        #expect(outcome.rejections.first?.reason.contains("not in the target") == true)
        try await session.commit()
        await session.close()
        let rows = try await database.psql("SELECT id, name FROM t ORDER BY id")
        #expect(rows == "1|there already\n2|b\n3|missing\n9|stays")
    }

    @Test("reject the rows that the target refuses, and take all others")
    func rejections() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE t (id int PRIMARY KEY, name varchar(5), price numeric(4,2) CHECK (price >= 0));
            INSERT INTO t SELECT n, 'x', 1 FROM generate_series(1000, 1099) n
            """
        )
        let schema = try await database.schema("t")
        let session = try await database.open()
        try await session.apply([.insert(.integer(500), .text("first"), .null)], to: schema)
        var changes = (0..<200).map { Change.insert(.integer(Int64($0)), .text("ok"), .decimal("1")) }
        changes[17] = .insert(.integer(17), .text("secret too long"), .null)
        changes[90] = .insert(.integer(90), .text("ok"), .decimal("-1"))
        changes[150] = .insert(.integer(150), .text("zero\0"), .null)
        changes += (1000..<1100).map { Change.update(.integer(Int64($0)), .text("new"), .decimal("2")) }
        changes[250] = .update(.integer(1050), .text("new"), .decimal("12345"))
        let outcome = try await session.apply(changes, to: schema)
        #expect(outcome.rejections.map(\.index).sorted() == [17, 90, 150, 250])
        #expect(outcome.rejections.allSatisfy { !$0.reason.contains("secret") })
        #expect(outcome.mended == 0)
        try await session.commit()
        await session.close()
        let answer = try await database.psql("SELECT count(*), count(*) FILTER (WHERE name = 'new') FROM t")
        #expect(answer == "298|99")
        #expect(try await database.psql("SELECT name FROM t WHERE id = 500") == "first")
    }

    @Test("reject every change that was folded into a row the target refuses")
    func foldedRejections() async throws {
        let database = try await TargetDatabase("CREATE TABLE t (id int PRIMARY KEY, name varchar(5), price numeric)")
        let schema = try await database.schema("t")
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .insert(.integer(1), .text("a"), .null), .insert(.integer(2), .text("b"), .null),
                .update(.integer(1), .text("far too long"), .null),
            ],
            to: schema
        )
        #expect(outcome.rejections.map(\.index).sorted() == [0, 2])
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT id FROM t") == "2")
    }

    @Test("of one row become their net effect")
    func folding() async throws {
        let database = try await TargetDatabase("\(Self.table); INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2)")
        let schema = try await database.schema("t")
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .delete(.integer(1), nil, nil), .insert(.integer(1), .text("again"), .null),
                .update(.integer(1), nil, .decimal("5")), .insert(.integer(3), .text("c"), .null),
                .delete(.integer(3), nil, nil), .update(.integer(2), .text("x"), nil), .delete(.integer(2), nil, nil),
                .insert(.integer(4), .text("d"), .null), .delete(.integer(4), nil, nil),
                .insert(.integer(4), .text("dd"), .null),
            ],
            to: schema
        )
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t ORDER BY id") == "1|again|5.00\n4|dd|")
    }

    @Test("move rows to new keys, one after the other, and keep columns that only the target has")
    func moves() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE t (id int PRIMARY KEY, name text, own text DEFAULT 'mine');
            INSERT INTO t VALUES (1, 'a', 'kept'), (2, 'b', 'kept'), (5, 'taken', 'kept')
            """
        )
        var schema = try await database.schema("t")
        schema.columns.removeLast()
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .update(.integer(3), .text("b"), from: [.integer(2)]), .update(.integer(2), nil, from: [.integer(1)]),
                .update(.integer(8), .text("not there"), from: [.integer(7)]),
                .update(.integer(5), .text("over it"), from: [.integer(3)]),
                .update(.integer(10), nil, from: [.integer(9)]),
            ],
            to: schema
        )
        #expect(outcome.mended == 2)
        #expect(outcome.rejections.map(\.index) == [4])
        try await session.commit()
        await session.close()
        let rows = try await database.psql("SELECT * FROM t ORDER BY id")
        #expect(rows == "2|a|kept\n5|over it|kept\n8|not there|mine")
    }

    @Test("empty a table, also one that others point at, and go on")
    func truncate() async throws {
        let database = try await TargetDatabase(
            """
            \(Self.table); INSERT INTO t VALUES (1, 'a', 1);
            CREATE TABLE child (id int PRIMARY KEY REFERENCES t); INSERT INTO child VALUES (1)
            """
        )
        let (parent, child) = (try await database.schema("t"), try await database.schema("child"))
        let session = try await database.open()
        let slice = Slice(
            tables: [parent, child],
            changes: [
                .insert(.integer(2), .text("goes"), .null), Change(.truncate, table: 0, row: Row([])),
                .insert(.integer(3), .text("stays"), .null), Change(.truncate, table: 1, row: Row([])),
                .insert(.integer(3), table: 1),
            ],
            end: nil,
            byteCount: 0
        )
        #expect(try await session.apply(slice, replaying: []) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT id FROM t; SELECT id FROM child") == "3\n3")
    }

    @Test("keep their order where a second unique constraint is passed from row to row")
    func uniqueSwap() async throws {
        let database = try await TargetDatabase(
            "CREATE TABLE t (id int PRIMARY KEY, seat text UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
        )
        let schema = try await database.schema("t")
        let session = try await database.open()
        #expect(try await session.permitsFolding(TableName("t")) == false)
        let outcome = try await session.apply(
            [
                .update(.integer(1), .text("free")), .update(.integer(2), .text("a")),
                .update(.integer(1), .text("b")), .delete(.integer(3), nil), .insert(.integer(4), .text("c")),
                .insert(.integer(5), .text("a")),
            ],
            to: schema
        )
        #expect(outcome.rejections.map(\.index) == [5])
        #expect(outcome.mended == 0)
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t ORDER BY id") == "1|b\n2|a\n4|c")
    }

    @Test("make one row give way, and no other, to one in an index over a generated column")
    func givesWayByGeneratedColumn() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE t (id int PRIMARY KEY, n int, twice int GENERATED ALWAYS AS (n * 2) STORED UNIQUE);
            INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)
            """
        )
        let session = try await database.open()
        let change = Change.insert(.integer(9), .integer(2))
        let outcome = try await session.apply([change], to: try database.definedSchema("t"), replaying: true)
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t ORDER BY id") == "1|1|2\n3|3|6\n9|2|4")
    }

    @Test("make rows give way while the table catches up, for constraints that the source has, too")
    func givesWay() async throws {
        let script = "CREATE TABLE t (id int PRIMARY KEY, seat text UNIQUE, low text)"
        let database = try await TargetDatabase(
            """
            \(script); CREATE UNIQUE INDEX low ON t (lower(low)) WHERE low IS NOT NULL;
            INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', 'Y'), (3, 'c', 'z')
            """
        )
        let schema = try database.definedSchema("t")
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .insert(.integer(7), .text("a"), .text("y")), .update(.integer(9), .text("new"), .null),
                .delete(.integer(8), nil, nil), .update(.integer(6), .text("incomplete"), nil),
            ],
            to: schema,
            replaying: true
        )
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        #expect(try await database.psql("SELECT * FROM t ORDER BY id") == "3|c|z\n7|a|y\n9|new|")
        // The target alone has this one.
        try await database.psql("CREATE UNIQUE INDEX own ON t ((id % 100))")
        let other = try await session.apply([.insert(.integer(107), .text("q"), .null)], to: schema, replaying: true)
        #expect(other.rejections.map(\.index) == [0])
        await session.close()
    }

    @Test("find rows by keys of several columns and other types")
    func compositeKeys() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TYPE mood AS ENUM ('low', 'high');
            CREATE TABLE t (v text, mood mood, code char(4), day date, PRIMARY KEY (mood, code, day));
            INSERT INTO t VALUES ('a', 'low', 'x', '2024-01-01'), ('b', 'high', 'x', '2024-01-01')
            """
        )
        let schema = try await database.schema("t")
        let session = try await database.open()
        let outcome = try await session.apply(
            [
                .update(.text("new"), .text("low"), .text("x   "), .date(days: 19723)),
                .delete(nil, .text("high"), .text("x   "), .date(days: 19723)),
                .insert(.text("c"), .text("high"), .text("y"), .text("2024-02-03")),
            ],
            to: schema
        )
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        await session.close()
        let rows = try await database.psql("SELECT v, mood, code, day FROM t ORDER BY v")
        #expect(rows == "c|high|y   |2024-02-03\nnew|low|x   |2024-01-01")
    }

    @Test("reach partitions, generated columns and identities")
    func specialTables() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE p (id int, region text, v int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
            CREATE TABLE p_eu PARTITION OF p FOR VALUES IN ('eu'); CREATE TABLE p_us PARTITION OF p FOR VALUES IN ('us');
            CREATE TABLE g (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int,
                twice int GENERATED ALWAYS AS (n * 2) STORED)
            """
        )
        let (partitioned, generated) = (try await database.schema("p"), try await database.schema("g"))
        let session = try await database.open()
        try await session.apply(
            [.insert(.integer(1), .text("eu"), .integer(1)), .insert(.integer(2), .text("us"), .integer(2))],
            to: partitioned
        )
        let outcome = try await session.apply(
            [
                .update(.integer(1), .text("us"), .integer(5), from: [.integer(1), .text("eu")]),
                .insert(.integer(3), .text("nowhere"), .integer(3)),
            ],
            to: partitioned
        )
        #expect(outcome.rejections.map(\.index) == [1])
        let many = (1...100).map { Change.insert(.integer(Int64($0)), .integer(1)) }
        try await session.apply(many, to: generated)
        let moved = try await session.apply(
            [.update(.integer(1), .integer(7)), .update(.integer(200), .integer(8), from: [.integer(2)])],
            to: generated
        )
        #expect(moved == ApplyOutcome())
        try await session.commit()
        try await session.makeDurable()
        await session.close()
        #expect(try await database.psql("SELECT * FROM p_us ORDER BY id") == "1|us|5\n2|us|2")
        #expect(try await database.psql("SELECT * FROM g WHERE id IN (1, 2, 200)") == "1|7|14\n200|8|16")
        // The sequence goes on behind what was written.
        #expect(try await database.psql("INSERT INTO g (n) VALUES (0) RETURNING id") == "201")
    }

    @Test("fire no triggers and check no foreign keys, where the role may suspend them")
    func suspended() async throws {
        let database = try await TargetDatabase(Self.guarded)
        let child = try await database.schema("child")
        let session = try await database.open()
        #expect(try await session.apply([.insert(.integer(1), .integer(99))], to: child) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM child; SELECT count(*) FROM heard") == "1|99\n0")
    }

    @Test("obey triggers and foreign keys in order, row by row, where it may not")
    func obeyed() async throws {
        let user = "plain_\(UInt32.random(in: 0 ... .max))"
        let database = try await TargetDatabase(
            """
            CREATE ROLE \(user) LOGIN; \(Self.guarded);
            GRANT ALL ON ALL TABLES IN SCHEMA public TO \(user);
            DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || current_database() || ' TO \(user)'; END $$
            """,
            user: user
        )
        let tables = [try await database.schema("parent"), try await database.schema("child")]
        let session = try await database.open()
        #expect(try await session.permitsFolding(TableName("child")) == false)
        let slice = Slice(
            tables: tables,
            changes: [
                .insert(.integer(1), table: 0), .insert(.integer(1), .integer(1), table: 1),
                .insert(.integer(2), .integer(99), table: 1), .insert(.integer(3), .integer(2), table: 1),
                .insert(.integer(2), table: 0),
            ],
            end: Commit(position: Position(order: 1)),
            byteCount: 0
        )
        let outcome = try await session.apply(slice, replaying: [])
        #expect(outcome.rejections.map(\.index) == [2, 3] || outcome.rejections.map(\.index) == [2])
        try await session.commit()
        await session.close()
        #expect(
            try await database.psql("SELECT id FROM child WHERE parent = 1; SELECT count(*) > 0 FROM heard") == "1\nt"
        )
        let findings = try await database.target.inspect(tables, create: true)
        #expect(findings.contains { $0.remedy?.contains("GRANT SET ON PARAMETER session_replication_role") == true })
    }

    private static let guarded = """
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent DEFERRABLE);
        CREATE TABLE heard (what text);
        CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            $$ BEGIN INSERT INTO public.heard VALUES (TG_OP); RETURN NULL; END $$;
        CREATE TRIGGER hear AFTER INSERT ON child FOR EACH ROW EXECUTE FUNCTION hear()
        """

    @Test("go on after the user changed the table behind the session's back")
    func alteredMeanwhile() async throws {
        let database = try await TargetDatabase(Self.table)
        let schema = try await database.schema("t")
        let session = try await database.open()
        try await session.apply([.insert(.integer(1), .text("a"), .decimal("1"))], to: schema)
        try await session.commit()
        try await database.psql("ALTER TABLE t ALTER COLUMN id TYPE bigint, ALTER COLUMN name TYPE varchar(20)")
        let outcome = try await session.apply(
            [.update(.integer(1), .text("b"), .decimal("1")), .insert(.integer(2), .text("c"), .decimal("2"))],
            to: schema
        )
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        try await database.psql("ALTER TABLE t DROP COLUMN price")
        let error = await #expect(throws: StoreError.self) {
            try await session.apply([.insert(.integer(3), .text("d"), .decimal("3"))], to: schema)
        }
        #expect(error?.code == .incompatibleSchema)
        #expect(error?.table == TableName("t"))
        await session.rollback()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t ORDER BY id") == "1|b\n2|c")
    }

    @Test("are undone by a rollback, and seen by nobody before the commit")
    func rollback() async throws {
        let database = try await TargetDatabase(Self.table)
        let schema = try await database.schema("t")
        let session = try await database.open()
        try await session.apply([.insert(.integer(1), .text("a"), .null)], to: schema)
        #expect(try await database.psql("SELECT count(*) FROM t") == "0")
        await session.rollback()
        try await session.apply([.insert(.integer(2), .text("b"), .null)], to: schema)
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT id FROM t") == "2")
    }
}
