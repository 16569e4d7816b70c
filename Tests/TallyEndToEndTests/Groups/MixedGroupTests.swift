import TallyGroup
import TallyHarness
import Testing

/// Values and keys that members of different kinds write in their own spellings, read back with `psql` and `sqlite3`.
@Suite(.timeLimit(.minutes(15)))
struct MixedGroupTests {
    private static let id = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    private static let other = "b1eebc99-9c0b-4ef8-bb6d-6bb9bd380a22"

    @Test
    func aKeyInAnotherSpellingStaysOneRow() async throws {
        let mixed = try await MixedGroup(
            tables: "items: {}",
            "CREATE TABLE items (id uuid PRIMARY KEY, name text, n int); INSERT INTO items VALUES ('\(Self.id)', 'a', 1)"
        )
        try await mixed.sync()
        let capitals = Self.other.uppercased()
        // One row made in each member, each updated in the other one, in the file always in its own words.
        try await mixed.edge.run(
            """
            UPDATE items SET n = 2 WHERE id = '\(Self.id)';
            INSERT INTO items VALUES ('\(capitals)', 'b', 1);
            """
        )
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT * FROM items ORDER BY id") == "\(Self.id)|a|2\n\(Self.other)|b|1")
        try await mixed.postgres.psql("UPDATE items SET n = n + 10")
        try await mixed.sync()
        #expect(
            try await mixed.edge.run("SELECT * FROM items ORDER BY name;") == "\(Self.id)|a|12\n\(capitals)|b|11",
            "the file's own spelling of a key stays"
        )
        try await mixed.edge.run("UPDATE items SET name = 'c' WHERE id = '\(capitals)';")
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT name, n FROM items WHERE id = '\(Self.other)'") == "c|11")
        try await mixed.edge.run("UPDATE items SET id = '{\(capitals)}' WHERE id = '\(capitals)';")
        try await mixed.postgres.psql("UPDATE items SET n = 5 WHERE id = '\(Self.other)'")
        try await mixed.sync()
        #expect(try await mixed.edge.run("SELECT id, n FROM items WHERE name = 'c';") == "{\(capitals)}|5")
        try await mixed.postgres.psql("DELETE FROM items WHERE id = '\(Self.other)'")
        try await mixed.sync()
        #expect(try await mixed.edge.run("SELECT name FROM items;") == "a")
    }

    @Test
    func rowsMadeInBothUnderOneKeyInTwoSpellingsAreOneRow() async throws {
        let mixed = try await MixedGroup(
            tables: "items: { merge: { n: counter } }",
            "CREATE TABLE items (id uuid PRIMARY KEY, name text, n int)"
        )
        try await mixed.sync()
        let capitals = Self.id.uppercased()
        try await mixed.postgres.psql("INSERT INTO items VALUES ('\(Self.id)', 'pg', 1)")
        try await mixed.edge.run("INSERT INTO items VALUES ('\(capitals)', 'edge', 1);")
        try await mixed.sync()
        try await mixed.sync()
        let name = try await mixed.postgres.psql("SELECT name FROM items")
        #expect(["pg", "edge"].contains(name))
        #expect(try await mixed.edge.run("SELECT id, name FROM items;") == "\(capitals)|\(name)")
        // A second row of that key in the same file has no place in the group, and stays there, named.
        try await mixed.edge.run("INSERT INTO items VALUES ('\(Self.id)', 'second', 1);")
        let answer = try await mixed.group.site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("1 row is left out of the group"), "\(answer.text)")
        #expect(try await mixed.postgres.psql("SELECT name FROM items") == name)
        #expect(try await mixed.group.statuses()[0].members[1].leftOut == 1)
        try await mixed.edge.run("UPDATE items SET id = '\(Self.other)' WHERE name = 'second';")
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT count(*) FROM items") == "2")
        #expect(try await mixed.group.statuses()[0].members[1].leftOut == 0)
    }

    @Test
    func numericAndMomentKeysAreOneRowHoweverTheyAreWritten() async throws {
        let mixed = try await MixedGroup(
            tables: "prices: {}, events: {}",
            """
            CREATE TABLE prices (price numeric PRIMARY KEY, n int); INSERT INTO prices VALUES (1.50, 1);
            CREATE TABLE events (at timestamptz PRIMARY KEY, n int); INSERT INTO events VALUES ('2026-11-21 10:00:00+00', 1);
            """
        )
        try await mixed.sync()
        try await mixed.edge.run(
            """
            UPDATE prices SET n = 2; INSERT INTO prices VALUES ('2.50', 1);
            UPDATE events SET n = 2, at = '2026-11-21T11:00:00+01:00'; INSERT INTO events VALUES ('2026-11-22T00:00Z', 1);
            """
        )
        try await mixed.sync()
        try await mixed.postgres.psql("UPDATE prices SET n = n + 10; UPDATE events SET n = n + 10")
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT * FROM prices ORDER BY 1") == "1.50|12\n2.5|11")
        #expect(try await mixed.edge.run("SELECT n FROM prices ORDER BY n;") == "11\n12")
        #expect(
            try await mixed.postgres.psql("SELECT at AT TIME ZONE 'UTC', n FROM events ORDER BY 1")
                == "2026-11-21 10:00:00|12\n2026-11-22 00:00:00|11"
        )
        #expect(
            try await mixed.edge.run("SELECT * FROM events ORDER BY at;")
                == "2026-11-21T11:00:00+01:00|12\n2026-11-22T00:00Z|11"
        )
        try await mixed.postgres.psql("TRUNCATE prices")
        try await mixed.sync()
        #expect(try await mixed.edge.run("SELECT count(*) FROM prices;") == "0")
    }

    @Test
    func twoSpellingsOfOneKeyInOneTransactionAreOneRowAndOneThatIsLeftOut() async throws {
        let mixed = try await MixedGroup(
            tables: "items: {}",
            "CREATE TABLE items (id uuid PRIMARY KEY, name text)"
        )
        try await mixed.sync()
        try await mixed.edge.run(
            "INSERT INTO items VALUES ('\(Self.id)', 'first'), ('\(Self.id.uppercased())', 'second');"
        )
        #expect(try await mixed.group.site.run("run", "--once").exitCode == 1)
        #expect(try await mixed.postgres.psql("SELECT name FROM items") == "first")
        #expect(try await mixed.group.statuses()[0].members[1].leftOut == 1)
        // Compared as a whole, the file says the same.
        try await mixed.edge.run("DELETE FROM _tally_log; DELETE FROM _tally_flow;")
        #expect(try await mixed.group.site.run("run", "--once").exitCode == 1)
        #expect(try await mixed.postgres.psql("SELECT count(*) FROM items") == "1")
        #expect(try await mixed.group.statuses()[0].members[1].leftOut == 1)
    }

    @Test
    func greatestAndLeastCompareMomentsAndNotTexts() async throws {
        let mixed = try await MixedGroup(
            tables: "t: { merge: { seen: greatest, first: least, flag: greatest } }",
            """
            CREATE TABLE t (id int PRIMARY KEY, seen timestamptz, first timestamptz, flag boolean, tag uuid, doc jsonb);
            INSERT INTO t SELECT n, '2026-01-01Z', '2026-12-31Z', false FROM generate_series(1, 3) AS n
            """
        )
        try await mixed.sync()
        try await mixed.postgres.psql(
            """
            UPDATE t SET seen = '2026-11-21 10:00:00+00', first = '2026-11-21 10:00:00+00' WHERE id = 1;
            UPDATE t SET seen = '2026-11-21 12:00:00+00', first = '2026-11-21 12:00:00+00', flag = true WHERE id = 2;
            UPDATE t SET seen = '2026-11-21 10:00:00+00', tag = '\(Self.id)', doc = '{"a": 1, "b": [1, 2]}' WHERE id = 3;
            """
        )
        try await mixed.edge.run(
            """
            UPDATE t SET seen = '2026-11-21T13:30:00+02:00', first = '2026-11-21T13:30:00+02:00' WHERE id = 1;
            UPDATE t SET seen = '2026-11-21T13:30:00+02:00', first = '2026-11-21T13:30:00+02:00', flag = 0 WHERE id = 2;
            UPDATE t SET seen = '2026-11-21T10:00:00Z', tag = '{\(Self.id.uppercased())}', doc = '{"b":[1,2],"a":1}'
                WHERE id = 3;
            """
        )
        try await mixed.sync()
        let rows = "SELECT id, seen AT TIME ZONE 'UTC', first AT TIME ZONE 'UTC', flag FROM t ORDER BY id"
        #expect(
            try await mixed.postgres.psql(rows) == """
                1|2026-11-21 11:30:00|2026-11-21 10:00:00|f
                2|2026-11-21 12:00:00|2026-11-21 11:30:00|t
                3|2026-11-21 10:00:00|2026-12-31 00:00:00|f
                """
        )
        #expect(
            try await mixed.edge.run("SELECT id, datetime(seen), datetime(first), flag FROM t ORDER BY id;") == """
                1|2026-11-21 11:30:00|2026-11-21 10:00:00|0
                2|2026-11-21 12:00:00|2026-11-21 11:30:00|1
                3|2026-11-21 10:00:00|2026-12-31 00:00:00|0
                """
        )
        let conflicts = try await mixed.group.site.run("conflicts", "list")
        #expect(
            conflicts.output.contains("id = 1") && !conflicts.output.contains("id = 3"),
            "equal values do not clash"
        )
    }

    @Test
    func whatTheTypeHasNoPlaceForIsRoundedInEveryMember() async throws {
        let mixed = try await MixedGroup(
            tables: "t: {}",
            "CREATE TABLE t (id int PRIMARY KEY, price numeric(12,2)); INSERT INTO t VALUES (1, 1.00), (2, 1.01)"
        )
        try await mixed.sync()
        try await mixed.edge.run(
            "UPDATE t SET price = '2.005' WHERE id = 1; UPDATE t SET price = '1.006' WHERE id = 2;"
        )
        try await mixed.sync()
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT * FROM t ORDER BY id") == "1|2.01\n2|1.01")
        #expect(try await mixed.edge.run("SELECT * FROM t ORDER BY id;") == "1|2.01\n2|1.01")
    }

    @Test
    func aTextThatIsNoMomentStaysAndIsRefusedInSight() async throws {
        let mixed = try await MixedGroup(
            tables: "t: {}",
            "CREATE TABLE t (id int PRIMARY KEY, at timestamptz); INSERT INTO t VALUES (1, '2026-01-01Z'), (2, '2026-01-01Z')"
        )
        try await mixed.sync()
        // PostgreSQL would take the second for a moment, another one each time.
        try await mixed.edge.run("UPDATE t SET at = 'soon' WHERE id = 1; UPDATE t SET at = 'now' WHERE id = 2;")
        let answer = try await mixed.group.site.run("run", "--once")
        #expect(answer.exitCode == 1 && answer.text.contains("member pg refuses 2 rows"), "\(answer.text)")
        #expect(try await mixed.postgres.psql("SELECT count(*) FROM t WHERE at = '2026-01-01Z'") == "2")
        #expect(try await mixed.edge.run("SELECT at FROM t ORDER BY id;") == "soon\nnow")
        try await mixed.edge.run(
            "UPDATE t SET at = '2026-02-01' WHERE id = 1; UPDATE t SET at = '2026-02-01' WHERE id = 2;"
        )
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT count(*) FROM t WHERE at = '2026-02-01Z'") == "2")
    }

    @Test
    func collationsThatFoldKeysAreRefused() async throws {
        let mixed = try await MixedGroup(
            tables: "t: {}",
            """
            CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
            CREATE TABLE t (id text PRIMARY KEY, n int)
            """
        )
        try await mixed.edge.run("CREATE TABLE t (id TEXT PRIMARY KEY COLLATE NOCASE, n INT);")
        for answer in try await [mixed.group.site.run("check"), mixed.group.site.run("run", "--once")] {
            #expect(answer.exitCode == 1 && answer.text.contains("COLLATE NOCASE"), "\(answer.text)")
        }
        try await mixed.edge.run("DROP TABLE t; CREATE TABLE t (id TEXT PRIMARY KEY, n INT);")
        try await mixed.postgres.psql("ALTER TABLE t ALTER id TYPE text COLLATE folding")
        for answer in try await [mixed.group.site.run("check"), mixed.group.site.run("run", "--once")] {
            #expect(answer.exitCode == 1 && answer.text.contains("collation folding"), "\(answer.text)")
        }
    }
}
