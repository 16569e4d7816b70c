import TallyEngine
import TallyHarness
import Testing

/// Tables and columns that come, go and change their names while the flow runs.
@Suite(.timeLimit(.minutes(15)))
struct PostgresStructureTests {
    @Test
    func addedRenamedAndDroppedColumnsAndNewTablesAreFollowedWhileTheFlowRuns() async throws {
        let site = try await PostgresSite(flow: "schema: { dropped: follow }")
        try await site.source.psql(
            """
            CREATE TABLE t (id int PRIMARY KEY, a text, b int);
            INSERT INTO t SELECT n, 'a' || n, n FROM generate_series(1, 500) AS n;
            CREATE PROCEDURE touch(times int) LANGUAGE plpgsql AS $$
            BEGIN
                FOR i IN 1..times LOOP
                    INSERT INTO t (id) VALUES (100000 + i); COMMIT;
                    DELETE FROM t WHERE id = 100000 + i - 20; COMMIT;
                END LOOP;
            END $$;
            """
        )
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        async let writer = site.source.psql("CALL touch(2000)")
        try await site.source.psql("ALTER TABLE t ADD COLUMN c text DEFAULT 'žádné'")
        try await site.source.psql("UPDATE t SET c = 'set' WHERE id % 3 = 0")
        try await site.source.psql("ALTER TABLE t RENAME COLUMN a TO name")
        try await site.source.psql("UPDATE t SET name = 'renamed' WHERE id % 5 = 0")
        try await site.source.psql("ALTER TABLE t DROP COLUMN b")
        try await site.source.psql(
            "CREATE TABLE later (k text PRIMARY KEY, v int); INSERT INTO later VALUES ('first', 1)"
        )
        _ = try await writer
        try await site.source.psql("INSERT INTO later VALUES ('last', 2); UPDATE t SET name = 'end' WHERE id = 1")
        try await eventually("the last change is there", each: .milliseconds(100)) {
            guard try await site.target.tables().contains("public.later") else { return false }
            return try await site.target.psql("SELECT count(*) FROM later WHERE k = 'last'") == "1"
        }
        // A new table's rows may come before the column has its name.
        try await site.waitForTarget("SELECT to_jsonb(t) ->> 'name' FROM t WHERE id = 1", "end")
        try await site.site.stop(child)
        try await site.requireAgreement()
    }

    @Test
    func changesOfStructureWhileNothingRunsAreMetByTheBacklog() async throws {
        let site = try await PostgresSite(flow: "schema: { dropped: follow }")
        try await site.source.psql(
            "CREATE TABLE t (id int PRIMARY KEY, a text, b int); INSERT INTO t SELECT n, 'a', n FROM generate_series(1, 200) AS n"
        )
        try await site.site.syncOnce()
        try await site.source.psql(
            """
            UPDATE t SET a = 'before' WHERE id % 2 = 0;
            ALTER TABLE t ADD COLUMN c int;
            UPDATE t SET c = id WHERE id % 3 = 0;
            ALTER TABLE t DROP COLUMN b;
            ALTER TABLE t RENAME COLUMN a TO z;
            DELETE FROM t WHERE id % 5 = 0;
            INSERT INTO t VALUES (1000, 'end', 7);
            """
        )
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aDroppedTableKeepsItsRowsInTheTargetAndTheOthersGoOn() async throws {
        let site = try await PostgresSite()
        try await site.source.psql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)")
        try await site.source.psql("INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)")
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql("DROP TABLE a; INSERT INTO b VALUES (2)")
        try await site.waitForTarget("SELECT count(*) FROM b", "2")
        #expect(try await site.target.psql("SELECT count(*) FROM a") == "1")
        try await site.site.stop(child)
    }

    @Test(arguments: ["DROP TABLE a", "TRUNCATE a"])
    func aTableThatWasMadeAnewWithTypesThatDoNotFitSaysSoAndWhatToDo(remedy: String) async throws {
        let site = try await PostgresSite()
        try await site.source.psql("CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a VALUES (1, 1)")
        try await site.site.syncOnce()
        try await site.source.psql(
            "DROP TABLE a; CREATE TABLE a (id text PRIMARY KEY, v timestamptz); INSERT INTO a VALUES ('x', now())"
        )
        let answer = try await site.site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("the source's table was dropped and made anew"), "\(answer.text)")
        #expect(answer.text.contains("then `tally resume copy a`"), "\(answer.text)")
        #expect(try await site.target.psql("SELECT id, v FROM a") == "1|1", "nothing is taken away unasked")

        try await site.target.psql(remedy)
        #expect(try await site.site.run("resume", "copy", "a").exitCode == 0)
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aTableThatLosesItsKeyStaysInTheStatusWithTheReasonAndIsFollowedAgainWithAKey() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(
            "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, v int); INSERT INTO b VALUES (1, 1)"
        )
        func isSaid() async throws -> Bool {
            let status = try await site.site.status().first
            let table = status?.tables.first { $0.table == "b" }
            return table?.phase == .dropped && table?.message?.contains("nothing there tells its rows apart") == true
                && status?.notice?.contains("not captured: b: nothing tells its rows apart") == true
        }
        var child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql("ALTER TABLE b DROP CONSTRAINT b_pkey")
        try await eventually("the status says so", each: .milliseconds(100)) { try await isSaid() }
        try await site.source.psql("UPDATE b SET v = 2")
        try await site.site.stop(child)

        child = try site.site.start("run")
        try await eventually("it says so after a restart", each: .milliseconds(100)) { try await isSaid() }
        try await site.source.psql("INSERT INTO b VALUES (2, 2); ALTER TABLE b ADD PRIMARY KEY (id)")
        try await site.waitForTarget("SELECT id, v FROM b ORDER BY id", "1|2\n2|2")
        try await site.site.waitUntilLive(child)
        #expect(try await site.site.status().first?.notice == nil)
        try await site.site.stop(child)
        try await site.requireAgreement()
    }

    @Test
    func aForeignKeyThatTheTargetsRowsDoNotMeetIsLeftOutAndTheStatusSaysSo() async throws {
        let site = try await PostgresSite(
            flow: "transform: { customers: { where: \"city = 'Kraków'\" } }"
        )
        try await site.source.psql(
            """
            CREATE TABLE customers (id int PRIMARY KEY, city text);
            CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers);
            CREATE TABLE places (id int PRIMARY KEY, near int REFERENCES places);
            INSERT INTO customers VALUES (1, 'Kraków'), (2, 'Oslo'); INSERT INTO orders VALUES (1, 1), (2, 2);
            INSERT INTO places VALUES (1, NULL), (2, 1);
            """
        )
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        let tables = try #require(try await site.site.status().first).tables
        let message = try #require(tables.first { $0.table == "orders" }?.message)
        #expect(message.contains("orders_customer_fkey") && message.contains("was not made"), "\(message)")
        #expect(tables.first { $0.table == "places" }?.message == nil)
        try await site.site.stop(child)
        #expect(try await site.target.psql("SELECT id FROM orders ORDER BY id") == "1\n2")
        #expect(
            try await site.target.psql("SELECT conname FROM pg_constraint WHERE contype = 'f'") == "places_near_fkey"
        )
    }
}
