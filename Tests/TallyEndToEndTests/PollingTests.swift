import TallyHarness
import Testing

/// Capture without triggers, by a column that grows with every write.
@Suite(.timeLimit(.minutes(15)))
struct PollingTests {
    @Test
    func captureByTimestampFollowsWritesAndSoftDeletesAndLeavesNoTriggersBehind() async throws {
        let site = try Site(flow: "capture: { mode: timestamp, column: updated, poll: 20ms, deleted: gone }")
        try await site.source.run(
            """
            CREATE TABLE item (id INTEGER PRIMARY KEY, v TEXT, updated TEXT NOT NULL, gone INTEGER);
            INSERT INTO item SELECT value, 'v', datetime('now', '-1 day'), NULL FROM generate_series(1, 500);
            """
        )
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        #expect(try await site.source.run("SELECT count(*) FROM sqlite_master WHERE type = 'trigger';") == "0")
        try await site.source.run("UPDATE item SET v = 'new', updated = datetime('now') WHERE id % 5 = 0;")
        try await site.waitForTarget("SELECT count(*) FROM item WHERE v = 'new';", "100")
        try await site.source.run("UPDATE item SET gone = 1, updated = datetime('now') WHERE id <= 10;")
        try await site.waitForTarget("SELECT count(*) FROM item;", "490")
        try await site.stop(child)
    }

    @Test
    func captureByVersionFindsDeletedRowsByASweep() async throws {
        let site = try Site(flow: "capture: { mode: version, column: version, poll: 20ms, sweep: 100ms }")
        try await site.source.run(
            """
            CREATE TABLE item (id INTEGER PRIMARY KEY, v TEXT, version INTEGER NOT NULL);
            INSERT INTO item SELECT value, 'v', value FROM generate_series(1, 500);
            """
        )
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await site.source.run("UPDATE item SET v = 'new', version = 1000 + id WHERE id % 5 = 0;")
        try await site.source.run("DELETE FROM item WHERE id % 3 = 0;")
        try await site.waitForTarget("SELECT count(*), sum(v = 'new') FROM item;", "334|67")
        try await site.stop(child)
        try await site.requireAgreement()
    }
}
