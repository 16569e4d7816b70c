import TallyEngine
import TallyHarness
import Testing

/// Changes of a table whose order matters, while the server describes the table again and again.
@Suite(.timeLimit(.minutes(15)))
struct PostgresOrderTests {
    @Test(arguments: [true, false])
    func truncatesAndMovesStayWhereTheyWereAmongTheChangesOfTheirTable(isLive: Bool) async throws {
        let site = try await PostgresSite()
        try await site.source.psql(
            """
            CREATE TABLE emptied (id int PRIMARY KEY, v text); INSERT INTO emptied VALUES (1, 'a'), (2, 'b'), (3, 'c');
            CREATE TABLE filled (id int PRIMARY KEY, v text); INSERT INTO filled VALUES (1, 'a');
            CREATE TABLE moved (id int PRIMARY KEY, v text);
            CREATE TABLE built (id int PRIMARY KEY, v text, u int);
            INSERT INTO built VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
            CREATE TABLE counted (id int PRIMARY KEY, n int); INSERT INTO counted SELECT n, 0 FROM generate_series(1, 60) AS n;
            ALTER TABLE counted REPLICA IDENTITY FULL;
            """
        )
        try await site.site.syncOnce()
        let child = isLive ? try site.site.start("run") : nil
        if let child { try await site.site.waitUntilLive(child) }
        try await site.source.psql(
            """
            BEGIN; INSERT INTO emptied VALUES (100, 'n'); TRUNCATE emptied; COMMIT;
            BEGIN; UPDATE filled SET v = 'x'; INSERT INTO filled VALUES (100, 'n'); TRUNCATE filled;
            INSERT INTO filled VALUES (101, 'o'); COMMIT;
            INSERT INTO moved VALUES (10, 'before');
            ANALYZE moved;
            UPDATE moved SET id = 11 WHERE id = 10;
            BEGIN;
            DELETE FROM built WHERE id = 1;
            CREATE INDEX ON built (v);
            INSERT INTO built VALUES (1, 're', 9);
            UPDATE built SET u = 1 WHERE id = 1;
            COMMENT ON TABLE built IS 'built';
            DELETE FROM built WHERE id = 2; INSERT INTO built VALUES (2, 'new', 2); UPDATE built SET id = 22 WHERE id = 2;
            COMMIT;
            UPDATE counted SET n = n + 1; ANALYZE counted; UPDATE counted SET id = id + 100;
            DO $$ BEGIN
                FOR i IN 1..30 LOOP
                    UPDATE counted SET n = n + 1;
                    IF i % 5 = 0 THEN ANALYZE counted; END IF;
                    COMMIT;
                END LOOP;
            END $$;
            """
        )
        if let child {
            try await site.waitForTarget("SELECT min(n), max(n), count(*) FROM counted", "31|31|60")
            #expect(try await site.site.status().first?.mended == 0, "nothing was odd")
            try await site.site.stop(child)
        } else {
            try await site.site.syncOnce()
        }
        try await site.requireAgreement()
    }

    @Test
    func aStreamedTransactionThatEmptiesATableIsFollowedInItsOrder() async throws {
        let site = try await PostgresSite()
        try await site.source.psql("CREATE TABLE t (id int PRIMARY KEY, v text)")
        try await site.site.syncOnce()
        try await site.source.psql(
            """
            SET logical_decoding_work_mem = '64kB';
            BEGIN; INSERT INTO t SELECT n, repeat('x', 100) FROM generate_series(1, 6000) AS n; TRUNCATE t;
            INSERT INTO t SELECT n, 'y' FROM generate_series(10001, 16000) AS n; COMMIT
            """
        )
        try await site.site.syncOnce()
        #expect(try await site.target.psql("SELECT count(*), min(id) FROM t") == "6000|10001")
        try await site.requireAgreement()
    }

    @Test
    func uniqueValuesThatWanderRightAfterTheLoadAreFollowedInTheirOrder() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(
            """
            CREATE TABLE k (id int PRIMARY KEY, v text, u int UNIQUE);
            INSERT INTO k SELECT n, 'a', n FROM generate_series(1, 30) AS n;
            """
        )
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql(
            """
            BEGIN; UPDATE k SET v = 'r1'; UPDATE k SET v = 'r2'; UPDATE k SET v = 'r3';
            UPDATE k SET id = 100 WHERE id = 18; UPDATE k SET id = 18 WHERE id = 20; UPDATE k SET id = 20 WHERE id = 100;
            UPDATE k SET u = u + 1000 WHERE id IN (3, 4); UPDATE k SET u = 4 WHERE id = 3; UPDATE k SET u = 3 WHERE id = 4;
            DELETE FROM k WHERE id = 7; UPDATE k SET u = 7 WHERE id = 8; INSERT INTO k VALUES (7, 're', 8); COMMIT;
            CREATE TABLE done (id int PRIMARY KEY); INSERT INTO done VALUES (1)
            """
        )
        try await site.waitForTarget("SELECT v FROM k WHERE id = 7", "re")
        let status = try #require(try await site.site.status().first)
        #expect(status.deadLetters == 0 && status.mended == 0)
        try await site.site.stop(child)
        try await PostgresComparison(site.source, site.target).requireAgreement(in: ["k"])
    }

    @Test
    func tablesThatChangedNamesWhileNothingRanAreLoadedAgain() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(
            """
            CREATE TABLE d1 (id int PRIMARY KEY, v text); INSERT INTO d1 VALUES (1, 'one');
            CREATE TABLE d2 (id int PRIMARY KEY, v text); INSERT INTO d2 VALUES (2, 'two');
            CREATE TABLE r1 (id int PRIMARY KEY, v text); INSERT INTO r1 VALUES (1, 'old');
            CREATE TABLE r2 (id int PRIMARY KEY, v text); INSERT INTO r2 VALUES (1, 'new'), (2, 'new');
            """
        )
        try await site.site.syncOnce()
        try await site.source.psql(
            """
            BEGIN; ALTER TABLE d1 RENAME TO d1t; ALTER TABLE d2 RENAME TO d1; ALTER TABLE d1t RENAME TO d2; COMMIT;
            DROP TABLE r1; ALTER TABLE r2 RENAME TO r1; UPDATE r1 SET v = 'newer' WHERE id = 2;
            """
        )
        try await site.site.syncOnce()
        try await PostgresComparison(site.source, site.target).requireAgreement(in: ["d1", "d2", "r1"])
        try await site.source.psql("UPDATE d1 SET v = 'two, later'; DELETE FROM d2")
        try await site.site.syncOnce()
        try await PostgresComparison(site.source, site.target).requireAgreement(in: ["d1", "d2", "r1"])
    }
}
