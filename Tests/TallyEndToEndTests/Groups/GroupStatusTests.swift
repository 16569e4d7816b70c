import Foundation
import TallyGroup
import TallyHarness
import Testing

/// What `tally status` says of a group is true, whether a node runs or not.
@Suite(.timeLimit(.minutes(15)))
struct GroupStatusTests {
    private static let items = """
        CREATE TABLE items (id TEXT PRIMARY KEY, stock INTEGER, code TEXT UNIQUE);
        INSERT INTO items VALUES ('tea', 10, 'a'), ('milk', 20, 'b');
        """

    @Test
    func whereNothingRunsItSaysWhatMembersHoldAndRefuse() async throws {
        let group = try GroupSite(tables: "items: {}")
        try await group.shell("eu").run(Self.items)
        try await group.shell("edge").run(
            "CREATE TABLE items (id TEXT PRIMARY KEY, stock INTEGER CHECK (stock >= 0), code TEXT UNIQUE);"
        )
        try await group.site.syncOnce()
        // What eu wrote itself it holds, and nothing is sent to it for that.
        try await group.shell("eu").run("UPDATE items SET stock = 9 WHERE id = 'tea';")
        try await group.site.syncOnce()
        var status = try #require(try await group.statuses().first)
        #expect(status.sequence == 2)
        #expect(status.members.map(\.applied) == [2, 2, 2])
        #expect(status.members.map(\.refused) == [0, 0, 0])
        // One member has a rule that the others lack.
        try await group.shell("eu").run("UPDATE items SET stock = -1 WHERE id = 'tea';")
        try await group.shell("us").run("UPDATE items SET code = 'z' WHERE id = 'milk';")
        #expect(try await group.site.run("run", "--once").exitCode == 1)
        status = try #require(try await group.statuses().first)
        #expect(status.members.allSatisfy { $0.phase == .notRunning })
        #expect(status.members.map(\.applied) == [4, 4, 4])
        #expect(status.members.map(\.refused) == [0, 0, 1])
        #expect(status.members.allSatisfy { $0.message == nil })
        let words = try await group.site.run("status").output
        #expect(words.contains("REFUSED"))
        #expect(words.contains("the ledger and the members themselves"))
    }

    @Test
    func aMemberThatCannotBeAskedIsShownAsTheLedgerKnowsIt() async throws {
        let group = try GroupSite(tables: "items: {}")
        try await group.shell("eu").run(Self.items)
        try await group.site.syncOnce()
        let us = group.shell("us").path
        let backup = us + ".then"
        try await group.shell("us").run("VACUUM INTO '\(backup)';")
        try FileManager.default.moveItem(atPath: us, toPath: us + ".away")
        var status = try #require(try await group.statuses().first)
        #expect(status.members[1].message?.contains("cannot be asked") == true)
        #expect(!FileManager.default.fileExists(atPath: us))
        #expect(status.members[0].message == nil)
        // Put back from a backup that lacks what was written since.
        try FileManager.default.moveItem(atPath: us + ".away", toPath: us)
        try await group.shell("us").run("UPDATE items SET stock = 5 WHERE id = 'tea';")
        try await group.site.syncOnce()
        for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: us + suffix) {
            try FileManager.default.removeItem(atPath: us + suffix)
        }
        try FileManager.default.moveItem(atPath: backup, toPath: us)
        status = try #require(try await group.statuses().first)
        let message = try #require(status.members[1].message)
        #expect(message.hasPrefix("joins again with the next `tally run`: "))
        let run = try await group.site.run("run", "--once")
        #expect(run.exitCode == 0 && run.errors.contains("joins again"), "\(run.text)")
        // What is for flows alone helps nobody here.
        for words in [message, run.text] {
            #expect(!words.contains("resync") && !words.contains("flow") && !words.contains("target"), "\(words)")
        }
        #expect(try await group.shell("us").run("SELECT stock FROM items WHERE id = 'tea';") == "5")
    }

    @Test
    func aClockFarAheadIsNamedWhileTheGroupRunsAndAfterwards() async throws {
        let group = try GroupSite(tables: "items: {}")
        try await group.shell("eu").run(Self.items)
        let child = try group.site.start("run")
        try await group.waitUntilLive(child)
        #expect(try await group.statuses()[0].members.allSatisfy { $0.clockSeconds == nil })
        try await group.shell("us").run("UPDATE items SET stock = 7 WHERE id = 'tea';", clockAhead: .seconds(600))
        try await eventually("the write is in the other members") {
            try await group.shell("eu").run("SELECT stock FROM items WHERE id = 'tea';") == "7"
        }
        for isRunning in [true, false] {
            if !isRunning { try await group.site.stop(child) }
            let members = try await group.statuses()[0].members
            #expect(try #require(members[1].clockSeconds) > 60)
            #expect(members[0].clockSeconds == nil)
            let words = try await group.site.run("status").output
            #expect(words.contains("ahead, and the group allows 1 m 0 s (`skew`)"), "\(words)")
        }
        #expect(child.standardError.contains("the member's clock is ahead"))
    }

    @Test
    func aLagThatMissesTheObjectiveIsSaid() async throws {
        let group = try GroupSite(tables: "items: {}", more: "    lag: 2m")
        try await group.shell("eu").run(Self.items)
        let child = try group.site.start("run")
        try await group.waitUntilLive(child)
        #expect(try await group.site.run("status").output.contains("objective 2 m 0 s\n"))
        // By the clock of its author it took long.
        try await group.shell("us").run("UPDATE items SET stock = 7 WHERE id = 'tea';", clockAhead: .seconds(-600))
        for other in ["eu", "edge"] {
            try await eventually("the write is in \(other)") {
                try await group.shell(other).run("SELECT stock FROM items WHERE id = 'tea';") == "7"
            }
        }
        let words = try await group.site.run("status").output
        #expect(words.contains("objective 2 m 0 s, missed by eu (10 m "), "\(words)")
        #expect(try await group.statuses()[0].members[1].worstLagSeconds ?? 0 < 120)
        try await group.site.stop(child)
    }
}
