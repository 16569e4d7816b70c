import TallyHarness
import Testing

/// A transaction far larger than the budget.
@Suite(.timeLimit(.minutes(15)))
struct PostgresMemoryTests {
    private static let rows = 5_000_000

    @Test
    func aTransactionOfFiveMillionRowsArrivesWholeWithinTheMemoryBudget() async throws {
        let site = try await PostgresSite()
        try await site.source.psql("CREATE TABLE t (id int PRIMARY KEY, v int)")
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql("INSERT INTO t SELECT n, n * 3 % 1000 FROM generate_series(1, \(Self.rows)) AS n")
        try await eventually("all of it is there", within: .seconds(300), each: .milliseconds(250)) {
            let last = try await site.target.psql("SELECT max(id) FROM t")
            try #require(
                ["", "\(Self.rows)"].contains(last),
                "the target shows a part of the transaction: up to \(last)"
            )
            return !last.isEmpty
        }
        let peak = try child.peakMemory()
        print("5-million-row transaction through PostgreSQL: \(peak / 1024) MiB at most")
        #expect(peak < 200 * 1024, "resident memory, in KiB")
        try await site.site.stop(child)
        let totals = "SELECT count(*), sum(id), sum(v) FROM t"
        #expect(try await site.target.psql(totals) == site.source.psql(totals))
    }
}
