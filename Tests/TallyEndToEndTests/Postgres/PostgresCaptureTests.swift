import TallyEngine
import TallyHarness
import Testing

/// Capture where the server's log cannot be read, through the whole program.
@Suite(.timeLimit(.minutes(15)))
struct PostgresCaptureTests {
    private static let shop = """
        CREATE TABLE item (
            id int PRIMARY KEY, v text, price numeric(12,2), attrs jsonb, version bigint NOT NULL DEFAULT 0,
            updated timestamptz NOT NULL DEFAULT now(), gone boolean
        );
        INSERT INTO item SELECT n, 'v ' || n, n * 1.10, jsonb_build_object('n', n), n, now() - interval '1 day'
        FROM generate_series(1, 500) AS n;
        """

    @Test
    func triggersKeepEveryChangeAndRemoveTakesThemOut() async throws {
        let site = try await PostgresSite(flow: "capture: trigger")
        try await site.source.psql(Self.shop)
        let check = try await site.site.run("check")
        #expect(check.exitCode == 0 && check.text.contains("triggers"), "\(check.text)")
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        #expect(
            try await site.source.psql("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()")
                == "0"
        )
        try await site.source.psql(
            """
            BEGIN; UPDATE item SET price = price + 1 WHERE id % 5 = 0; DELETE FROM item WHERE id % 7 = 0; COMMIT;
            UPDATE item SET id = id + 10000 WHERE id % 11 = 0;
            INSERT INTO item (id, v) VALUES (0, NULL);
            ALTER TABLE item ADD COLUMN note text DEFAULT 'none';
            UPDATE item SET note = 'Żółć' WHERE id < 10;
            CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1), (2);
            """
        )
        let made = "SELECT count(*) FROM pg_attribute WHERE attname = 'note' AND attrelid = 'item'::regclass"
        try await site.waitForTarget(made, "1")
        try await site.waitForTarget("SELECT count(*) FROM item WHERE note = 'Żółć'", "9")
        try await site.waitForTarget("SELECT count(*) FROM pg_class WHERE relname = 'later'", "1")
        try await site.waitForTarget("SELECT count(*) FROM later", "2")
        try await site.site.stop(child)
        // What comes while nothing runs is kept.
        try await site.source.psql("DELETE FROM item WHERE id % 3 = 0; TRUNCATE later; INSERT INTO later VALUES (9)")
        try await site.site.syncOnce()
        try await site.requireAgreement()
        #expect(try await site.site.run("remove", "copy", "--yes").exitCode == 0)
        #expect(try await site.source.tallyObjects() == [])
        #expect(try await site.target.tallyObjects() == [])
    }

    @Test
    func aTimestampIsFollowedWithSoftDeletesAndALateCommitIsNotMissed() async throws {
        let site = try await PostgresSite(
            flow: "capture: { mode: timestamp, column: updated, poll: 20ms, deleted: gone }"
        )
        try await site.source.psql(Self.shop)
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        #expect(try await site.source.tallyObjects() == [], "polls leave nothing in the source")
        // Stamped first, committed last.
        async let late: String = site.source.psql(
            "BEGIN; UPDATE item SET v = 'late', updated = now() WHERE id = 1; SELECT pg_sleep(2); COMMIT"
        )
        try await eventually("the late one is stamped") {
            try await site.source.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(2)%' AND state = 'active' AND pid <> pg_backend_pid() AND datname = current_database()"
            )
                == "1"
        }
        try await site.source.psql("UPDATE item SET v = 'early', updated = clock_timestamp() WHERE id = 2")
        try await site.waitForTarget("SELECT v FROM item WHERE id = 2", "early")
        _ = try await late
        try await site.waitForTarget("SELECT v FROM item WHERE id = 1", "late")
        try await site.source.psql("UPDATE item SET gone = true, updated = clock_timestamp() WHERE id <= 10")
        try await site.waitForTarget("SELECT count(*) FROM item", "490")
        try await site.site.stop(child)
    }

    @Test
    func aVersionIsFollowedAndASweepFindsWhatIsGone() async throws {
        let site = try await PostgresSite(flow: "capture: { mode: version, column: version, poll: 20ms, sweep: 100ms }")
        try await site.source.psql(Self.shop)
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql("UPDATE item SET v = 'new', version = 1000 + id WHERE id % 5 = 0")
        try await site.source.psql("DELETE FROM item WHERE id % 3 = 0")
        try await site.waitForTarget("SELECT count(*), count(*) FILTER (WHERE v = 'new') FROM item", "334|67")
        try await site.site.stop(child)
        try await site.requireAgreement()
        #expect(try await site.source.tallyObjects() == [])
    }
}
