import Foundation
import TallyHarness
import TallyModel
import Testing

/// Transactions of members that are far larger than what a process may hold of them.
@Suite(.timeLimit(.minutes(30)))
struct GroupLargeTransactionTests {
    private static let rows = 400_000

    private static let sums = "SELECT count(*), sum(n), min(note), max(note), sum(length(note)) FROM items"

    private func group() async throws -> MixedGroup {
        try await MixedGroup(
            tables: "items: { merge: { n: counter } }",
            "CREATE TABLE items (id int PRIMARY KEY, n int, note text); INSERT INTO items VALUES (0, 0, 'seed')"
        )
    }

    /// The sums in PostgreSQL and in SQLite.
    private func sums(_ mixed: MixedGroup) async throws -> (pg: String, edge: String) {
        let query = "COPY (\(Self.sums)) TO STDOUT WITH (DELIMITER '|')"
        return (
            try await mixed.postgres.psql(query).trimmingCharacters(in: .newlines),
            try await mixed.edge.run(Self.sums + ";")
        )
    }

    private func leftovers(_ mixed: MixedGroup) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: mixed.group.site.folder.file(".tally/groups"))
            .filter { $0.contains("scratch") }
    }

    @Test
    func areTakenInAndWrittenWholeWithinTheMemoryOfSmallOnes() async throws {
        let mixed = try await group()
        try await mixed.sync()
        let child = try mixed.group.site.start("run")
        try await mixed.group.waitUntilLive(child)

        // One transaction in PostgreSQL that writes each row twice, takes some out, and gives others other keys.
        try await mixed.postgres.psql(
            """
            BEGIN;
            INSERT INTO items SELECT i, 1, 'row ' || i FROM generate_series(1, \(Self.rows)) AS i;
            UPDATE items SET n = n + 1 WHERE id > 0;
            DELETE FROM items WHERE id % 10 = 5;
            UPDATE items SET id = -id WHERE id % 10 = 7;
            COMMIT
            """
        )
        let expected = try await sums(mixed).pg
        try await eventually("all of it is in the file", within: .seconds(600), each: .milliseconds(100)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            let held = try await sums(mixed).edge
            guard held != expected else { return true }
            try #require(held == "1|0|seed|seed|4", "the file shows a part of the transaction: \(held)")
            return false
        }
        // What SQLite files write between two looks is one transaction; here each side writes every row.
        try await mixed.edge.run("UPDATE items SET n = n + 10;")
        try await mixed.postgres.psql("UPDATE items SET n = n + 100")
        let count = Self.rows * 9 / 10 + 1
        try await eventually("both differences are counted", within: .seconds(600), each: .milliseconds(100)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            let held = try await sums(mixed)
            return held.pg == held.edge && held.edge.hasPrefix("\(count)|\(2 * (count - 1) + 110 * count)|")
        }
        let peak = try child.peakMemory()
        print("\(Self.rows)-row transactions in a group: \(peak / 1024) MiB at most")
        // Held whole it was 3 KB a row, 1.2 GB.
        #expect(peak < 350 * 1024, "resident memory, in KiB")
        try await mixed.group.site.stop(child)
        #expect(try leftovers(mixed) == [])
    }

    @Test(arguments: [
        (Milestone.entriesKept, 1), (.batchApplied, 1), (.batchApplied, 2), (.batchCommitted, 1), (.batchCommitted, 2),
    ])
    func surviveADeathInTheMiddle(milestone: Milestone, occurrence: Int) async throws {
        let mixed = try await group()
        try await mixed.sync()
        try await mixed.edge.run("INSERT INTO items SELECT value, 1, 'row' FROM generate_series(1, 60000);")
        try await mixed.edge.run("UPDATE items SET n = n + 1;")
        try await mixed.postgres.psql("UPDATE items SET n = n + 5")
        try await mixed.group.site.die(at: milestone, occurrence)
        // It had got all of the file's rows, or none.
        let met = try #require(Int(try await mixed.postgres.psql("SELECT count(*) FROM items")))
        #expect([1, 60_001].contains(met))
        try await mixed.postgres.psql("UPDATE items SET n = n + 5")
        try await mixed.sync()
        let held = try await sums(mixed)
        #expect(held.pg == held.edge)
        #expect(held.edge.hasPrefix("60001|\(120_001 + 5 + 5 * met)|"), "\(held.edge)")
        #expect(try leftovers(mixed) == [])
    }

    /// Killed while what was read of it is put beside the ledger, and while what it comes to is found there.
    @Test(arguments: ["scratch-changes-", "scratch-net"])
    func surviveADeathBeforeTheyAreTakenIn(file: String) async throws {
        let mixed = try await group()
        try await mixed.sync()
        try await mixed.edge.run("INSERT INTO items SELECT value, 1, 'row' FROM generate_series(1, 100000);")
        try await mixed.postgres.psql("INSERT INTO items SELECT i, 1, 'pg' FROM generate_series(100001, 200000) AS i")
        let child = try mixed.group.site.start("run")
        try await eventually("there is a \(file)", each: .milliseconds(1)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            return try leftovers(mixed).contains { $0.contains(file) }
        }
        child.send(SIGKILL)
        try await child.wait()
        #expect(try !leftovers(mixed).isEmpty)
        try await mixed.edge.run("UPDATE items SET n = n + 1 WHERE id <= 100000;")
        try await mixed.sync()
        let held = try await sums(mixed)
        #expect(held.pg == held.edge)
        let rows = try await mixed.edge.run("SELECT count(*), sum(n), sum(note = 'row'), sum(note = 'pg') FROM items;")
        #expect(rows == "200001|300001|100000|100000")
        #expect(try leftovers(mixed) == [])
    }

    @Test
    func truncateIsARowTakenOutOfEachMemberWhateverItsSize() async throws {
        let mixed = try await group()
        try await mixed.postgres.psql("INSERT INTO items SELECT i, 1, 'row' FROM generate_series(1, 50000) AS i")
        try await mixed.sync()
        try await mixed.postgres.psql(
            "BEGIN; TRUNCATE items; INSERT INTO items VALUES (7, 7, 'again'), (-1, 1, 'new'); COMMIT"
        )
        try await mixed.edge.run("UPDATE items SET n = 50 WHERE id = 9;")
        try await mixed.sync()
        let held = try await mixed.edge.run("SELECT * FROM items ORDER BY id;")
        #expect(held == "-1|1|new\n7|7|again" || held == "-1|1|new\n7|7|again\n9|50|row", "\(held)")
        #expect(try await mixed.postgres.psql("SELECT * FROM items ORDER BY id") == held)
    }

    @Test
    func rowsThatPassUniqueValuesOnInAChainAllGoIn() async throws {
        let group = try GroupSite(tables: "items: {}")
        try await group.shell("eu").run("CREATE TABLE items (id INTEGER PRIMARY KEY, place INTEGER UNIQUE);")
        // One chain in the order of keys and one against it.
        try await group.shell("eu").run(
            """
            INSERT INTO items SELECT value, value FROM generate_series(1, 20000);
            INSERT INTO items SELECT 30000 - value, 100000 + value FROM generate_series(1, 5000);
            """
        )
        try await group.site.syncOnce()
        try await group.shell("eu").run(
            "UPDATE items SET place = -place; UPDATE items SET place = 1 - place; DELETE FROM items WHERE id = 5;"
        )
        try await group.site.syncOnce()
        let held = try await group.everywhere(
            "SELECT count(*), sum(place = id + 1), sum(place = 130001 - id) FROM items;"
        )
        #expect(held == ["24999|19999|5000"])
        #expect(try await group.site.run("conflicts", "list").output.contains("No conflicts"))
    }

    @Test
    func rowsWhoseParentsAreDeletedElsewhereAreKeptOutTogetherAndComeBackTogether() async throws {
        let group = try GroupSite(tables: "children: {}, parents: {}")
        try await group.shell("eu").run(
            """
            CREATE TABLE parents (id INTEGER PRIMARY KEY);
            CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id), note TEXT);
            INSERT INTO parents SELECT value FROM generate_series(1, 100);
            """
        )
        try await group.site.syncOnce()
        try await group.shell("us").run(
            "INSERT INTO children SELECT value, value % 50 + 1, hex(randomblob(100)) FROM generate_series(1, 20000);"
        )
        try await group.shell("edge").run("DELETE FROM parents WHERE id <= 50;")
        try await group.site.syncOnce()
        let counts = "SELECT (SELECT count(*) FROM parents), (SELECT count(*) FROM children);"
        #expect(try await group.everywhere(counts) == ["50|0"])
        let waiting = try await group.site.run("conflicts", "list", "--state", "waiting", "--json").output
        #expect(waiting.ranges(of: "parent").count >= 20_000)
        try await group.shell("eu").run("INSERT INTO parents SELECT value FROM generate_series(1, 50);")
        try await group.site.syncOnce()
        #expect(try await group.everywhere(counts) == ["100|20000"])
        #expect(try await group.site.run("conflicts", "list", "--state", "waiting").output.contains("No conflicts"))
    }

    @Test
    func thousandsOfRowsThatNameOtherColumnsOfManyMoreAreKeptOutAndComeBack() async throws {
        let group = try GroupSite(tables: "parents: {}, children: {}")
        try await group.shell("eu").run(
            """
            CREATE TABLE parents (id INTEGER PRIMARY KEY NOT NULL, code TEXT UNIQUE);
            CREATE TABLE children (id INTEGER PRIMARY KEY NOT NULL, code TEXT REFERENCES parents (code));
            INSERT INTO parents SELECT value, 'c' || value FROM generate_series(1, 20000);
            """
        )
        try await group.site.syncOnce()
        try await group.shell("eu").run(
            "INSERT INTO children SELECT value, 'c' || value FROM generate_series(1, 5000);"
        )
        try await group.shell("us").run("UPDATE parents SET code = code || 'x';")
        try await group.site.syncOnce()
        let counts = "SELECT (SELECT count(*) FROM parents WHERE code LIKE '%x'), (SELECT count(*) FROM children);"
        #expect(try await group.everywhere(counts) == ["20000|0"])
        let waiting = try await group.site.run("conflicts", "list", "--state", "waiting").output
        #expect(waiting.contains("parents id = 5000 had what code names"), "\(waiting.suffix(300))")
        try await group.shell("edge").run("UPDATE parents SET code = 'c' || id;")
        try await group.site.syncOnce()
        #expect(try await group.everywhere(counts) == ["0|5000"])
        #expect(try await group.site.run("conflicts", "list", "--state", "waiting").output.contains("No conflicts"))
    }
}
