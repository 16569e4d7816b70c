import TallyHarness
import Testing

/// How a running group ends.
@Suite(.timeLimit(.minutes(15)))
struct GroupStoppingTests {
    @Test
    func aMemberThatStandsAtALockOfSomebodysDoesNotHoldUpTheStop() async throws {
        let mixed = try await MixedGroup(
            tables: "items: {}",
            "CREATE TABLE items (id int PRIMARY KEY, note text); INSERT INTO items VALUES (1, 'seed')"
        )
        try await mixed.sync()
        let child = try mixed.group.site.start("run")
        try await mixed.group.waitUntilLive(child)
        let isHeld = """
            SELECT count(*) FROM pg_locks WHERE relation = 'items'::regclass AND mode = 'ExclusiveLock' AND granted
            """
        async let holder = mixed.postgres.psql("BEGIN; LOCK TABLE items IN EXCLUSIVE MODE; SELECT pg_sleep(25); COMMIT")
        try await eventually("the table is locked") { try await mixed.postgres.psql(isHeld) == "1" }
        try await mixed.edge.run("INSERT INTO items VALUES (2, 'edge');")
        try await eventually("the member's writer stands at the lock") {
            try await mixed.postgres.psql(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'tally%' AND wait_event_type = 'Lock'
                """
            ) == "1"
        }
        try await mixed.group.site.stop(child)
        #expect(try await mixed.postgres.psql(isHeld) == "1", "the stop has waited for the lock")
        _ = try await holder
        try await mixed.sync()
        #expect(try await mixed.postgres.psql("SELECT id, note FROM items ORDER BY id") == "1|seed\n2|edge")
    }
}
