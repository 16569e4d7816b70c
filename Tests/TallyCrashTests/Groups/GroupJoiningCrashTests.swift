import Foundation
import PrivatePostgres
import TallyHarness
import TallyModel
import Testing

/// The process dies while a member comes to a group, or comes back to it: what the member and the others wrote meanwhile is
/// there in the end, once.
@Suite(.serialized, .timeLimit(.minutes(40)))
struct GroupJoiningCrashTests {
    /// Enough that a comparison takes several chunks.
    private static let rows = 6000

    private static let group = """
          - name: stock
            members: [eu, us]
            seed: eu
            tables: { items: { merge: { n: counter } } }
        """

    private static let table = "CREATE TABLE items(id integer PRIMARY KEY, n integer NOT NULL, note text)"

    private struct Stage {
        let site: Site
        let eu: PostgresDatabase
        let us: SQLiteShell
        var ledger: String { site.folder.file(".tally/groups/stock.db") }

        init() async throws {
            eu = try await PostgresDatabase("eu", on: PostgresServer.start())
            site = try Site(stores: ["eu": .postgres(eu.url), "us": "us.db"], groups: [GroupJoiningCrashTests.group])
            us = SQLiteShell("us.db", in: site.folder)
            let fill = "INSERT INTO items SELECT"
            let series = "generate_series(1, \(GroupJoiningCrashTests.rows))"
            try await eu.psql(GroupJoiningCrashTests.table)
            try await us.run(GroupJoiningCrashTests.table + ";")
            // Both have the same, but for what each has of its own.
            try await eu.psql(
                "\(fill) i, 10, repeat('x', 500) FROM \(series) i; INSERT INTO items VALUES (-1, 1, 'eu')"
            )
            try await us.run(
                "\(fill) value, 10, printf('%.*c', 500, 'x') FROM \(series); INSERT INTO items VALUES (-2, 1, 'us');"
            )
        }

        /// Dies at a milestone.
        /// Both sides write, each a difference of the same rows and a row of its own.
        func write(_ turn: Int) async throws {
            try await eu.psql(
                "UPDATE items SET n = n - 1 WHERE id <= 50; INSERT INTO items VALUES (-10 - \(turn), 2, 'eu')"
            )
            try await us.run(
                "UPDATE items SET n = n - 2 WHERE id <= 50; INSERT INTO items VALUES (-100 - \(turn), 2, 'us');"
            )
        }

        func answers(_ query: String) async throws -> [String] {
            [try await eu.psql(query).trimmingCharacters(in: .newlines), try await us.run(query + ";")]
        }
    }

    @Test(arguments: [(Milestone.logOpened, 1), (.logOpened, 2), (.rowsCompared, 1), (.rowsCompared, 3)])
    func whoeverJoinsJoinsOnce(milestone: Milestone, occurrence: Int) async throws {
        let stage = try await Stage()
        try await stage.site.die(at: milestone, occurrence)
        // What is written now, is in the rows that are compared again, or in a log: not in both.
        try await stage.eu.psql(
            "UPDATE items SET n = n - 1 WHERE id > 50 AND id <= 60; DELETE FROM items WHERE id = 70"
        )
        try await stage.us.run("INSERT INTO items VALUES (-3, 1, 'us');")
        try await stage.site.syncOnce()
        for turn in 0..<2 {
            try await stage.write(turn)
            try await stage.site.syncOnce()
        }
        let held = try await stage.answers("SELECT id, n, note FROM items ORDER BY id")
        #expect(held[0] == held[1])
        #expect(try await stage.answers("SELECT DISTINCT n FROM items WHERE id > 0 AND id <= 50") == ["4", "4"])
        #expect(try await stage.answers("SELECT count(*) FROM items WHERE id < 0") == ["7", "7"])
        await stage.eu.server.remove()
    }

    @Test(arguments: [(Milestone.logOpened, 1), (.rowsCompared, 1), (.rowsCompared, 4), (.batchCommitted, 1)])
    func whoeverComesBackToAnOlderLedgerComesBackOnce(milestone: Milestone, occurrence: Int) async throws {
        let stage = try await Stage()
        try await stage.site.syncOnce()
        try FileManager.default.copyItem(atPath: stage.ledger, toPath: stage.ledger + ".old")
        try await stage.write(0)
        try await stage.site.syncOnce()
        try await stage.write(1)
        try await stage.site.syncOnce()
        for end in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: stage.ledger + end) {
            try FileManager.default.removeItem(atPath: stage.ledger + end)
        }
        try FileManager.default.moveItem(atPath: stage.ledger + ".old", toPath: stage.ledger)
        // Something that is to be brought to the other.
        try await stage.us.run("INSERT INTO items VALUES (-5, 1, 'us');")
        try await stage.site.die(at: milestone, occurrence)
        try await stage.us.run("INSERT INTO items VALUES (-3, 1, 'us'); DELETE FROM items WHERE id = 80;")
        try await stage.eu.psql("INSERT INTO items VALUES (-4, 1, 'eu')")
        try await stage.site.syncOnce()
        try await stage.write(2)
        try await stage.site.syncOnce()
        let held = try await stage.answers("SELECT id, n, note FROM items ORDER BY id")
        #expect(held[0] == held[1])
        #expect(try await stage.answers("SELECT DISTINCT n FROM items WHERE id > 0 AND id <= 50") == ["1", "1"])
        #expect(try await stage.answers("SELECT count(*) FROM items WHERE id < 0") == ["11", "11"])
        #expect(try await stage.answers("SELECT count(*) FROM items WHERE id = 80") == ["0", "0"])
        await stage.eu.server.remove()
    }
}
