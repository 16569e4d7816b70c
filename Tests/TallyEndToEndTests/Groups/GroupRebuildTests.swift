import Foundation
import Programs
import TallyHarness
import Testing

/// `tally rebuild`.
@Suite(.timeLimit(.minutes(15)))
struct GroupRebuildTests {
    private let group: GroupSite

    init() async throws {
        group = try GroupSite(tables: "items: {}")
        try await group.shell("eu").run(
            "CREATE TABLE items(id TEXT PRIMARY KEY, stock INTEGER);"
                + "INSERT INTO items SELECT 'i' || value, 10 FROM generate_series(1, 5);"
        )
        try await group.site.syncOnce()
    }

    private var ledger: String { group.site.folder.file(".tally/groups/carts.db") }

    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: group.site.folder.file(".tally/groups")).sorted()
    }

    private func damage() throws -> Data {
        var bytes = try Data(contentsOf: URL(filePath: ledger))
        bytes.replaceSubrange(4096..<20480, with: Data(repeating: 0x5a, count: 16384))
        try bytes.write(to: URL(filePath: ledger))
        return bytes
    }

    @Test
    func aDamagedLedgerIsMadeAnewAndWhatMembersHadNotSentIsNotLost() async throws {
        try await group.shell("us").run(
            "INSERT INTO items VALUES ('us', 1); UPDATE items SET stock = 7 WHERE id = 'i1';"
        )
        try await group.shell("edge").run("INSERT INTO items VALUES ('edge', 2); DELETE FROM items WHERE id = 'i2';")
        let damaged = try damage()
        for command in [["status"], ["check"], ["run", "--once"]] {
            let child = try ChildProcess(Site.executable, command, in: group.site.folder)
            #expect(try await child.wait() == .exited(1), "\(command)")
            let text = child.standardOutput + child.standardError
            #expect(text.contains("tally rebuild carts"), "\(command): \(text)")
        }
        let unasked = try await group.site.run("rebuild", "carts")
        #expect(unasked.exitCode == 2 && unasked.errors.contains("say --yes"), "\(unasked.text)")
        #expect(try Data(contentsOf: URL(filePath: ledger)) == damaged)

        let answer = try await group.site.run("rebuild", "carts", "--yes")
        #expect(answer.exitCode == 0 && answer.output.contains("is damaged"), "\(answer.text)")
        let aside = try #require(try files().first { $0.hasPrefix("carts.db.damaged-") && $0.hasSuffix("Z") })
        #expect(try Data(contentsOf: URL(filePath: group.site.folder.file(".tally/groups/\(aside)"))) == damaged)
        try await group.site.syncOnce()
        let rows = ["edge|2", "i1|10", "i2|10", "i3|10", "i4|10", "i5|10", "us|1"]
        let held = try await group.answers("SELECT id, stock FROM items ORDER BY id;")
        #expect(held == [rows, rows, rows])
        // The seed's stands, and the other is on record.
        let list = try await group.site.run("conflicts", "list").output
        #expect(list.contains("id = 'i1'") && list.contains("us wrote 7, eu wrote 10"), "\(list)")
        try await group.shell("edge").run("UPDATE items SET stock = 8 WHERE id = 'i3';")
        try await group.site.syncOnce()
        let next = try await group.answers("SELECT stock FROM items WHERE id = 'i3';")
        #expect(next == [["8"], ["8"], ["8"]])
    }

    @Test
    func aLedgerThatIsLostIsMadeAnewToo() async throws {
        try await group.shell("us").run("INSERT INTO items VALUES ('us', 1);")
        for file in try files() {
            try FileManager.default.removeItem(atPath: group.site.folder.file(".tally/groups/\(file)"))
        }
        let answer = try await group.site.run("rebuild", "carts", "--yes")
        #expect(answer.exitCode == 0 && answer.output.contains("has no ledger"), "\(answer.text)")
        try await group.site.syncOnce()
        let held = try await group.answers("SELECT stock FROM items WHERE id = 'us';")
        #expect(held == [["1"], ["1"], ["1"]])
    }

    @Test
    func whatARunningNodeHasOpenIsLeftAlone() async throws {
        let child = try group.site.start("run")
        try await group.waitUntilLive(child)
        let before = try files()
        let answer = try await group.site.run("rebuild", "carts", "--yes")
        #expect(answer.exitCode == 1 && answer.errors.contains("a node runs group carts"), "\(answer.text)")
        #expect(try files() == before)
        try await group.site.stop(child)
    }

    @Test
    func aNameThatIsNoGroupIsRefused() async throws {
        let answer = try await group.site.run("rebuild", "cart", "--yes")
        #expect(answer.exitCode == 2 && answer.errors.contains("there is no"), "\(answer.text)")
    }
}
