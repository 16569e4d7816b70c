import Foundation
import Programs
import SQLite
import TallyHarness
import TallyModel
import TallyTesting
import Testing

/// The same for capture that asks for what moved on: whatever moment the process dies at, the copy becomes right again.
@Suite(.serialized, .timeLimit(.minutes(40)))
struct PolledCrashTests {
    @Test
    func afterADozenKillsAPolledSourceAndItsCopyAreEqualRowByRow() async throws {
        let seed = SplitMix64.newSeed()
        print("polled crash test: seed \(seed)")
        var random = SplitMix64(seed: seed)
        let site = try Site(flow: "capture: { mode: timestamp, column: at, overlap: 10s, poll: 10ms, sweep: 50ms }")
        try await site.source.run(
            """
            PRAGMA journal_mode = WAL;
            CREATE TABLE t (id INTEGER PRIMARY KEY, v, at INTEGER NOT NULL);
            CREATE INDEX t_at ON t (at);
            INSERT INTO t SELECT value, 'v' || value, CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) FROM generate_series(1, 3000);
            """
        )
        let writer = BackgroundWriter(path: site.source.path, pace: .milliseconds(2), Stamped(seed: seed))
        for _ in 0..<12 {
            let child = try site.start("run")
            // The moment of the kill is the random input of this test; nothing waits for anything here.
            try await Task.sleep(for: .milliseconds(20 + random.below(300)))
            child.send(SIGKILL)
            let ending = try await child.wait()
            try #require(ending == .killed(signal: SIGKILL), "it ended by itself: \(child.standardError)")
        }
        #expect(try await writer.stop() > 12)
        try await site.syncOnce()
        try await site.requireAgreement()
    }

    /// Random writes that all stamp their rows, as a source that is polled has to.
    private struct Stamped: Workload {
        private var random: SplitMix64

        init(seed: UInt64) {
            random = SplitMix64(seed: seed)
        }

        mutating func step(_ connection: Connection) throws {
            let id = Value.integer(Int64(1 + random.below(4000)))
            let value = Value.integer(Int64(random.below(1_000_000)))
            let now = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
            let roll = random.below(10)
            try connection.transaction {
                switch roll {
                case 0..<2: try connection.run("DELETE FROM t WHERE id = ?", id)
                case 2..<6: try connection.run("UPDATE t SET v = ?, at = \(now) WHERE id = ?", value, id)
                default: try connection.run("INSERT OR REPLACE INTO t VALUES (?, ?, \(now))", id, value)
                }
            }
        }
    }
}
