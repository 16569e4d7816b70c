import TallyHarness
import Testing

/// PostgreSQL beside SQLite, and in chains.
@Suite(.timeLimit(.minutes(15)))
struct PostgresTopologyTests {
    /// Types that both kinds of store can hold without loss.
    private static let items = """
        CREATE TABLE items (
            id bigint PRIMARY KEY, tenant int NOT NULL, name text, price numeric(12,2), attrs jsonb, photo bytea,
            is_new boolean, day date, updated_at timestamptz, code uuid, ratio double precision
        );
        INSERT INTO items
        SELECT n, n % 7, CASE WHEN n % 5 > 0 THEN 'položka ' || n || E'\\t"x"' END, n * 0.10, jsonb_build_object('n', n, 'a', '[1, null]'::jsonb),
            decode(md5(n::text), 'hex'), n % 2 = 0, date '2026-01-01' + n % 400,
            timestamptz '2026-01-01 00:00:00.000001+00' + n * interval '61.000003 s', md5(n::text)::uuid, 1 / n::float8
        FROM generate_series(1, 3000) AS n;
        INSERT INTO items (id, tenant, price, day, updated_at, ratio)
        VALUES (-9223372036854775808, 0, -0.01, '0044-03-15 BC', '0001-01-01 00:00:00+00 BC', '1e-310');
        """

    private static let changes = """
        UPDATE items SET price = price * 3, name = NULL WHERE id % 3 = 0;
        UPDATE items SET id = id + 100000 WHERE id % 10 = 1;
        DELETE FROM items WHERE id % 13 = 0;
        INSERT INTO items (id, tenant, name, attrs) VALUES (500000, 1, E'konec\\\\ \\'"', '{"ž": [1.50, true]}');
        """

    @Test
    func aChainFromPostgresThroughSqliteToPostgresBringsEveryValueBackExactly() async throws {
        let ends = try await PostgresSite()
        try await ends.source.psql(Self.items)
        try await ends.target.psql(Self.items + "TRUNCATE items")
        let site = try Site(
            stores: ["a": .postgres(ends.source.url), "b": "b.db", "c": .postgres(ends.target.url)],
            flows: [Site.flow("out", from: "a", to: "b"), Site.flow("back", from: "b", to: "c")]
        )
        let child = try site.start("run")
        try await ends.waitForTarget("SELECT count(*) FROM items", "3001")
        try await ends.source.psql(Self.changes)
        try await ends.waitForTarget("SELECT count(*) FROM items WHERE id = 500000", "1")
        try await site.stop(child)
        try await ends.requireAgreement()
        let between = SQLiteShell("b.db", in: site.folder)
        #expect(try await between.run("SELECT count(*) FROM items") == ends.source.psql("SELECT count(*) FROM items"))
    }

    @Test
    func aSqliteFileIsFollowedIntoPostgresThatMakesItsTables() async throws {
        let ends = try await PostgresSite()
        let site = try Site(
            stores: ["file": "shop.db", "server": .postgres(ends.target.url)],
            flows: [Site.flow("up", from: "file", to: "server")]
        )
        let file = SQLiteShell("shop.db", in: site.folder)
        try await file.run(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT, score REAL, photo BLOB);
            CREATE TABLE line (customer INTEGER, number INTEGER, what TEXT, PRIMARY KEY (customer, number)) WITHOUT ROWID;
            INSERT INTO customer SELECT value, 'Łukasz ' || value, iif(value % 4, 'n', NULL), value / 8.0, x'00ff'
            FROM generate_series(1, 2000);
            INSERT INTO line SELECT value / 10, value % 10, 'řádek ' || value FROM generate_series(1, 2000);
            """
        )
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await file.run(
            """
            UPDATE customer SET note = 'é' WHERE id % 3 = 0; DELETE FROM line WHERE customer % 4 = 0;
            INSERT OR REPLACE INTO line VALUES (1, 1, 'replaced'); UPDATE customer SET id = id + 5000 WHERE id < 5;
            INSERT INTO customer (id, name) VALUES (900000, 'last');
            """
        )
        try await ends.waitForTarget("SELECT count(*) FROM customer WHERE id = 900000", "1")
        try await site.stop(child)
        for query in [
            "SELECT id, name, note FROM customer ORDER BY id", "SELECT * FROM line ORDER BY customer, number",
            "SELECT id FROM customer WHERE score = id / 8.0 ORDER BY id",
        ] {
            let there = try await ends.target.psql(query)
            #expect(try await file.run(query + ";") == there)
        }
        #expect(try await ends.target.psql("SELECT DISTINCT photo FROM customer WHERE photo IS NOT NULL") == "\\x00ff")

        #expect(try await site.run("remove", "up", "--yes").exitCode == 0)
        #expect(try await ends.target.tallyObjects() == [])
        #expect(try await file.tallyObjects() == [])
    }

    @Test
    func twoFlowsReadOneSourceAndRemovingOneLeavesTheOther() async throws {
        let ends = try await PostgresSite()
        try await ends.source.psql(Self.items)
        let stores: [String: Site.StoreLine] = [
            "shop": .postgres(ends.source.url), "reports": .postgres(ends.target.url), "branch": "branch.db",
        ]
        let toReports = Site.flow("shop-to-reports", from: "shop", to: "reports", "tables: [\"public.*\"]")
        let toBranch = Site.flow("shop-to-branch", from: "shop", to: "branch", "tables: [items]")
        let site = try Site(stores: stores, flows: [toReports, toBranch])
        let branch = SQLiteShell("branch.db", in: site.folder)
        try await site.syncOnce()
        #expect(try await site.run("remove", "shop-to-branch", "--yes").exitCode == 0)
        try site.configure(stores: stores, flows: [toReports])
        try await ends.source.psql(Self.changes)
        try await site.syncOnce()
        try await ends.requireAgreement()
        #expect(try await branch.tallyObjects() == [])
        #expect(try await site.run("remove", "shop-to-reports", "--yes").exitCode == 0)
        #expect(try await ends.source.tallyObjects() == [])
    }

    @Test
    func aChainOfPostgresDatabasesBringsWhatOneFlowWroteOnToTheNext() async throws {
        let ends = try await PostgresSite()
        let last = try await PostgresSite()
        try await ends.source.psql(Self.items)
        let site = try Site(
            stores: [
                "a": .postgres(ends.source.url), "b": .postgres(ends.target.url), "c": .postgres(last.target.url),
            ],
            flows: [Site.flow("first", from: "a", to: "b"), Site.flow("second", from: "b", to: "c")]
        )
        let child = try site.start("run")
        try await eventually("the load is through", each: .milliseconds(50)) {
            guard try await last.target.tables() == ["public.items"] else { return false }
            return try await last.target.psql("SELECT count(*) FROM items") == "3001"
        }
        try await ends.source.psql(Self.changes)
        try await last.waitForTarget("SELECT count(*) FROM items WHERE id = 500000", "1")
        try await site.stop(child)
        try await PostgresComparison(ends.source, last.target).requireAgreement()
    }
}
