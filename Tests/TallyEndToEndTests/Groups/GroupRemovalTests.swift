import Foundation
import TallyHarness
import Testing

/// `tally remove` of a group.
@Suite(.timeLimit(.minutes(15)))
struct GroupRemovalTests {
    private static let items = """
        CREATE TABLE items (id TEXT PRIMARY KEY, stock INTEGER);
        INSERT INTO items SELECT 'i' || value, 10 FROM generate_series(1, 50);
        """

    private func ledgerFiles(_ group: GroupSite) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: group.site.folder.file(".tally/groups"))
    }

    private func requireNothingLeft(_ group: GroupSite) async throws {
        for member in group.members {
            #expect(try await group.shell(member).tallyObjects() == [], "\(member)")
            #expect(try await group.shell(member).run("SELECT count(*) FROM items;") == "50", "\(member)")
        }
        #expect(try ledgerFiles(group) == [])
    }

    @Test
    func nothingOfTallyIsLeftWhereNothingRuns() async throws {
        let group = try GroupSite(tables: "items: { merge: { stock: counter } }")
        try await group.shell("eu").run(Self.items)
        try await group.site.syncOnce()
        #expect(try await !group.shell("us").tallyObjects().isEmpty)
        let answer = try await group.site.run("remove", "carts", "--yes")
        #expect(answer.exitCode == 0, "\(answer.text)")
        #expect(answer.output.hasPrefix("Removed all that Tally made for group carts."))
        try await requireNothingLeft(group)
        // Doing it again is doing it once.
        #expect(try await group.site.run("remove", "carts", "--yes").exitCode == 0)
        try await requireNothingLeft(group)
    }

    @Test
    func aRunningNodeLetsTheGroupGoAndGoesOn() async throws {
        let group = try GroupSite(
            ["eu": "eu.db", "us": "us.db", "edge": "edge.db", "copy": "copy.db"],
            members: ["eu", "us", "edge"],
            tables: "items: {}",
            flows: [Site.flow("to-copy", from: "eu", to: "copy")]
        )
        try await group.shell("eu").run(Self.items)
        let child = try group.site.start("run")
        try await group.waitUntilLive(child)
        try await group.site.waitUntilLive(child)
        let answer = try await group.site.run("remove", "carts", "--yes")
        #expect(answer.exitCode == 0, "\(answer.text)")
        #expect(try await group.statuses().isEmpty)
        for member in ["us", "edge"] { #expect(try await group.shell(member).tallyObjects() == []) }
        #expect(try ledgerFiles(group) == [])
        // The flow, which captures one of the members, is still there.
        try await group.shell("eu").run("UPDATE items SET stock = 77 WHERE id = 'i1';")
        let copy = SQLiteShell("copy.db", in: group.site.folder)
        try await eventually("the flow goes on") {
            try await copy.run("SELECT stock FROM items WHERE id = 'i1';") == "77"
        }
        #expect(try await group.shell("us").run("SELECT stock FROM items WHERE id = 'i1';") == "10")
        let again = try await group.site.run("remove", "carts", "--yes")
        #expect(again.exitCode == 2)
        #expect(again.errors.contains("there is no group carts"))
        try await group.site.stop(child)
    }

    @Test
    func aMemberThatCannotBeReachedKeepsNoneOfTheOthersAndIsFinishedLater() async throws {
        let group = try GroupSite(tables: "items: {}")
        try await group.shell("eu").run(Self.items)
        try await group.site.syncOnce()
        // A file that is no database any more.
        let us = group.shell("us").path
        try FileManager.default.moveItem(atPath: us, toPath: us + ".away")
        try Data("nothing of SQLite's, and long enough to be looked at".utf8).write(to: URL(filePath: us))
        let answer = try await group.site.run("remove", "carts", "--yes")
        #expect(answer.exitCode != 0)
        #expect(answer.errors.contains("group carts is not removed from us"), "\(answer.errors)")
        #expect(try await group.shell("edge").tallyObjects() == [])
        #expect(try !ledgerFiles(group).isEmpty)
        try FileManager.default.removeItem(atPath: us)
        try FileManager.default.moveItem(atPath: us + ".away", toPath: us)
        #expect(try await group.site.run("remove", "carts", "--yes").exitCode == 0)
        try await requireNothingLeft(group)
    }

    @Test
    func anUnknownNameIsAnErrorThatNamesWhatThereIs() async throws {
        let group = try GroupSite(
            ["eu": "eu.db", "us": "us.db"],
            members: ["eu", "us"],
            tables: "items: {}",
            flows: [Site.flow("f", from: "eu", to: "us", "tables: [other]")]
        )
        let answer = try await group.site.run("remove", "cart", "--yes")
        #expect(answer.exitCode == 2)
        #expect(answer.errors.contains("there is no flow or group cart in"))
        #expect(answer.errors.contains("; flows: f; groups: carts"))
        #expect(try await group.site.run("pause", "carts").errors.contains("carts is a group"))
    }

    @Test
    func nothingIsLeftInPostgresEither() async throws {
        let ends = try await PostgresSite()
        try await ends.source.psql(
            "CREATE TABLE items (id text PRIMARY KEY, stock int); INSERT INTO items VALUES ('a', 1)"
        )
        let group = try GroupSite(
            ["eu": .postgres(ends.source.url), "us": .postgres(ends.target.url), "edge": "edge.db"],
            members: ["eu", "us", "edge"],
            tables: "items: {}"
        )
        try await group.site.syncOnce()
        #expect(try await ends.target.psql("SELECT stock FROM items") == "1")
        #expect(try await !ends.target.tallyObjects().isEmpty)
        let answer = try await group.site.run("remove", "carts", "--yes")
        #expect(answer.exitCode == 0, "\(answer.text)")
        #expect(try await ends.source.tallyObjects() == [])
        #expect(try await ends.target.tallyObjects() == [])
        #expect(try await group.shell("edge").tallyObjects() == [])
        #expect(try await group.shell("edge").run("SELECT stock FROM items;") == "1")
    }
}
