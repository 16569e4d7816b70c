import Foundation
import TallyHarness
import Testing

/// A ledger that was put back from an older copy, or that two nodes have a copy of.
@Suite(.timeLimit(.minutes(15)))
struct GroupLedgerTests {
    private let group: GroupSite

    init() async throws {
        group = try GroupSite(tables: "items: { merge: { stock: counter } }")
        try await group.shell("eu").run(
            "CREATE TABLE items(id TEXT PRIMARY KEY, stock INTEGER, note TEXT);"
                + "INSERT INTO items SELECT 'i' || value, 100, '' FROM generate_series(1, 9);"
        )
        try await group.site.syncOnce()
    }

    private var ledger: String { group.site.folder.file(".tally/groups/carts.db") }

    /// Puts files in the place of others, each with what SQLite keeps beside it.
    private func copy(_ from: String, _ to: String) throws {
        for end in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: to + end)
            guard FileManager.default.fileExists(atPath: from + end) else { continue }
            try FileManager.default.copyItem(atPath: from + end, toPath: to + end)
        }
    }

    private func write(_ member: String, _ sql: String) async throws { try await group.shell(member).run(sql) }

    private static let all = "SELECT id, stock, note FROM items ORDER BY id;"

    @Test
    func whatAnOlderLedgerDoesNotKnowComesBackFromItsMembers() async throws {
        try copy(ledger, ledger + ".old")
        // The ledger that is lost had all of this.
        try await write("us", "UPDATE items SET stock = stock - 1 WHERE id = 'i1'; DELETE FROM items WHERE id = 'i2';")
        try await group.site.syncOnce()
        try await write(
            "edge",
            "UPDATE items SET stock = stock - 2 WHERE id = 'i1'; INSERT INTO items VALUES ('n', 1, '');"
        )
        try await group.site.syncOnce()
        // Nobody has had any of this.
        try await write("eu", "UPDATE items SET note = 'eu' WHERE id = 'i3';")
        try await write("us", "UPDATE items SET stock = stock - 5 WHERE id = 'i4';")
        try await write("edge", "DELETE FROM items WHERE id = 'i5';")
        try copy(ledger + ".old", ledger)
        let answer = try await group.site.run("run", "--once")
        #expect(answer.exitCode == 0, "\(answer.text)")
        #expect(answer.errors.contains("the ledger was put back from an older copy"), "\(answer.errors)")
        let expected = [
            "i1|97|", "i3|100|eu", "i4|95|", "i6|100|", "i7|100|", "i8|100|", "i9|100|", "n|1|",
        ]
        #expect(try await group.everywhere(Self.all) == expected)
        let conflicts = try await group.site.run("conflicts", "list")
        #expect(conflicts.output.contains("No conflicts") || !conflicts.output.contains("i1"), "\(conflicts.output)")
        // From here on it is a ledger like any other.
        for member in group.members { try await write(member, "UPDATE items SET stock = stock - 1 WHERE id = 'i1';") }
        let next = try await group.site.run("run", "--once")
        #expect(next.exitCode == 0 && !next.errors.contains("joins again"), "\(next.text)")
        #expect(try await group.everywhere("SELECT stock FROM items WHERE id = 'i1';") == ["94"])
    }

    @Test
    func whatTwoMembersWroteOnTopOfWhatIsLostIsAConflictAndNothingIsCountedTwice() async throws {
        try copy(ledger, ledger + ".old")
        try await write("us", "UPDATE items SET stock = stock - 10 WHERE id = 'i1';")
        try await group.site.syncOnce()
        try await write("us", "UPDATE items SET stock = stock - 3 WHERE id = 'i1';")
        try copy(ledger + ".old", ledger)
        try await group.site.syncOnce()
        // 90 is what all had; 87 is what us made of it: one of the two, and the other is on record.
        let stock = try await group.everywhere("SELECT stock FROM items WHERE id = 'i1';")
        #expect(["87", "90"].contains(stock[0]), "\(stock)")
        let list = try await group.site.run("conflicts", "list").output
        #expect(list.contains("id = 'i1'") && list.contains("87") && list.contains("90"), "\(list)")
    }

    /// The same group under two state folders: what one node has done, the other hears of from the members alone.
    @Test
    func twoCopiesOfALedgerThatAreBothUsedLoseNothing() async throws {
        let folder = group.site.folder
        let yaml = try String(contentsOfFile: folder.file("tally.yaml"), encoding: .utf8)
        try folder.write("state: other\n" + yaml, to: "other.yaml")
        try FileManager.default.createDirectory(atPath: folder.file("other/groups"), withIntermediateDirectories: true)
        try copy(ledger, folder.file("other/groups/carts.db"))
        var notes: [String] = []
        for turn in 1...6 {
            // Every turn a row of its own in every member, and a difference in one.
            for (place, member) in group.members.enumerated() {
                try await write(member, "INSERT INTO items VALUES ('\(member)\(turn)', \(turn), '');")
                notes.append("\(member)\(turn)|\(turn)")
                guard place == turn % 3 else { continue }
                try await write(member, "UPDATE items SET stock = stock - 1 WHERE id = 'i7';")
            }
            let answer =
                turn % 2 == 0
                ? try await group.site.run("run", "--once")
                : try await group.site.run("run", "--once", "--config", "other.yaml")
            #expect(answer.exitCode == 0, "\(answer.text)")
            if turn > 1 { #expect(answer.errors.contains("two copies of it were used"), "\(turn): \(answer.errors)") }
            #expect(
                try await group.everywhere("SELECT id, stock FROM items WHERE id NOT LIKE 'i_' ORDER BY id;")
                    == notes.sorted()
            )
        }
        // What two wrote on top of things that one ledger lacks, is counted once or named.
        let stock =
            try await group.everywhere("SELECT stock FROM items WHERE id = 'i7';").first.flatMap { Int($0) } ?? 0
        #expect(stock >= 94)
        if stock > 94 {
            let named = ["tally.yaml", "other.yaml"]
            var lists = ""
            for file in named { lists += try await group.site.run("conflicts", "list", "--config", file).output }
            #expect(lists.contains("id = 'i7'"), "\(stock)")
        }
    }

    @Test
    func aMemberThatIsAddedAgainAfterItsPlaceWasForgottenJoins() async throws {
        let folder = group.site.folder
        let yaml = try String(contentsOfFile: folder.file("tally.yaml"), encoding: .utf8)
        try folder.write(yaml.replacing("[eu, us, edge]", with: "[eu, us]"), to: "tally.yaml")
        for stock in 1...3 {
            for (member, row) in [("us", "i1"), ("eu", "i3")] {
                try await write(member, "UPDATE items SET stock = \(stock) WHERE id = '\(row)';")
                try await group.site.syncOnce()
            }
        }
        // What compaction forgets by and by.
        let shell = SQLiteShell(".tally/groups/carts.db", in: folder)
        try await shell.run("DELETE FROM entry WHERE sequence < (SELECT min(base) FROM member);")
        #expect(try await shell.run("SELECT min(sequence) > 1 FROM entry;") == "1")
        try folder.write(yaml, to: "tally.yaml")
        try await write("edge", "UPDATE items SET note = 'edge' WHERE id = 'i2';")
        try await group.site.syncOnce()
        #expect(try await group.everywhere("SELECT stock FROM items WHERE id = 'i1';") == ["3"])
    }
}
