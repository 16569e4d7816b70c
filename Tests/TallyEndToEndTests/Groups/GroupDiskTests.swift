import Foundation
import TallyGroup
import TallyHarness
import Testing

/// A group whose ledger has no room left.
@Suite(.timeLimit(.minutes(15)), .enabled(if: Disk.isAvailable))
struct GroupDiskTests {
    @Test
    func aFullDiskUnderTheLedgerIsSaidLosesNothingAndTheGroupGoesOnWhenThereIsRoom() async throws {
        let group = try GroupSite(tables: "items: { merge: { stock: counter } }")
        let disk = try Disk(at: group.site.folder.file(".tally"), size: "3m")
        try await group.shell("eu").run("CREATE TABLE items(id INTEGER PRIMARY KEY, stock INTEGER, note TEXT);")
        let child = try group.site.start("run")
        try await group.waitUntilLive(child)
        // Each more than the ledger's disk has left, in two members at once.
        for (place, member) in ["us", "edge"].enumerated() {
            try await group.shell(member).run(
                """
                INSERT INTO items SELECT value + \(place) * 10000, 1, hex(randomblob(500)) FROM generate_series(1, 4000);
                """
            )
        }
        try await eventually("the full disk is said", each: .milliseconds(50)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            return try await group.statuses()[0].members.contains {
                $0.phase == .retrying && $0.message?.contains("full") == true
            }
        }
        try await group.shell("eu").run("INSERT INTO items VALUES (50000, 1, 'eu');")
        try disk.remount("size=200m")
        let sums = "SELECT count(*), sum(stock), sum(length(note)) FROM items;"
        try await eventually("every member holds everything", each: .milliseconds(100)) {
            if let ending = child.ended { throw WaitedInVain("it ended with \(ending): \(child.standardError)") }
            for member in group.members {
                guard try await group.shell(member).run(sums) == "8001|8001|8000002" else { return false }
            }
            return true
        }
        try await group.site.stop(child)
        withExtendedLifetime(disk) {}
    }

    @Test
    func aLargeTransactionThatFillsTheDiskEndsRunOnceAndComesWhenThereIsRoom() async throws {
        let group = try GroupSite(tables: "items: { merge: { stock: counter } }")
        let disk = try Disk(at: group.site.folder.file(".tally"), size: "12m")
        try await group.shell("eu").run("CREATE TABLE items(id INTEGER PRIMARY KEY, stock INTEGER, note TEXT);")
        try await group.site.syncOnce()
        for (place, member) in ["us", "edge"].enumerated() {
            try await group.shell(member).run(
                """
                INSERT INTO items SELECT value + \(place) * 100000, 1, hex(randomblob(100)) FROM generate_series(1, 40000);
                """
            )
        }
        let answer = try await group.site.run("run", "--once")
        #expect(answer.exitCode != 0 && answer.errors.contains("the disk is full"), "\(answer.text)")
        let names = try FileManager.default.contentsOfDirectory(atPath: group.site.folder.file(".tally/groups"))
        #expect(!names.contains { $0.contains("scratch") }, "\(names)")
        try disk.remount("size=300m")
        try await group.site.syncOnce()
        #expect(try await group.everywhere("SELECT count(*), sum(stock) FROM items;") == ["80000|80000"])
        withExtendedLifetime(disk) {}
    }
}
