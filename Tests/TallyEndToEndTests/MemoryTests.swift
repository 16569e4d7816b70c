import TallyHarness
import Testing

/// A transaction far larger than the budget.
@Suite(.timeLimit(.minutes(15)))
struct MemoryTests {
    private static let rows = 5_000_000

    @Test
    func aTransactionOfFiveMillionRowsArrivesWholeWithinTheMemoryBudget() async throws {
        let site = try Site()
        try await site.source.run("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER);")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await site.source.run("INSERT INTO t SELECT value, value * 3 FROM generate_series(1, \(Self.rows));")
        try await eventually("all of it is there", within: .seconds(1800), each: .milliseconds(250)) {
            let last = try await site.target.run("SELECT max(id) FROM t;")
            try #require(
                ["", "\(Self.rows)"].contains(last),
                "the target shows a part of the transaction: up to \(last)"
            )
            return !last.isEmpty
        }
        let peak = try child.peakMemory()
        print("5-million-row transaction: \(peak / 1024) MiB at most")
        #expect(peak < 150 * 1024, "resident memory, in KiB")
        try await site.stop(child)
        let totals = "SELECT count(*), sum(id), sum(v) FROM t;"
        #expect(try await site.target.run(totals) == site.source.run(totals))
    }
}
