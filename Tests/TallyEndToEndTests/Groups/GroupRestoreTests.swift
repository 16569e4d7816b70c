import Foundation
import TallyHarness
import Testing

/// A member that is put back from a backup and written before it is back in its group.
@Suite(.timeLimit(.minutes(15)))
struct GroupRestoreTests {
    private let group: GroupSite

    init() async throws {
        group = try GroupSite(tables: "items: { merge: { stock: counter } }")
        try await write(
            "eu",
            "CREATE TABLE items(id TEXT PRIMARY KEY, stock INTEGER, note TEXT); INSERT INTO items VALUES ('i', 100, ''), ('j', 1, '');"
        )
        try await group.site.syncOnce()
    }

    private func write(_ member: String, _ sql: String) async throws { try await group.shell(member).run(sql) }

    private func backUp(_ member: String) async throws { try await write(member, ".backup \(member).old") }

    /// Puts the backup in the member's place.
    private func restore(_ member: String) throws {
        let place = group.site.folder.file("\(member).db")
        for end in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: place + end) {
            try FileManager.default.removeItem(atPath: place + end)
        }
        try FileManager.default.copyItem(atPath: group.site.folder.file("\(member).old"), toPath: place)
    }

    private func everywhere() async throws -> [String] {
        try await group.everywhere("SELECT * FROM items WHERE id = 'i';")
    }

    private func conflicts() async throws -> String { try await group.site.run("conflicts", "list").output }

    @Test
    func aDifferenceOfWhichNobodyCanTellWhetherABackupHoldsItIsCountedAndListed() async throws {
        try await write("edge", "UPDATE items SET stock = stock + 3 WHERE id = 'i';")
        try await backUp("edge")
        // What the backup lacks, so that its log is seen to have gone backwards.
        try await write("edge", "UPDATE items SET note = 'later' WHERE id = 'j';")
        try await group.site.syncOnce()
        #expect(try await everywhere() == ["i|103|"])
        try restore("edge")
        try await write("edge", "UPDATE items SET stock = stock + 100 WHERE id = 'i';")
        try await group.site.syncOnce()
        // The row says 203. Whether that is 100 and 3 and 100, or 100 and 103, it does not say.
        #expect(try await everywhere() == ["i|206|"])
        let conflicts = try await conflicts()
        #expect(conflicts.contains("edge wrote 103, edge wrote 203: it became 206"), "\(conflicts)")
        // A person knows.
        _ = try await group.site.run("conflicts", "resolve", "1", "--set", "stock=203")
        try await group.site.syncOnce()
        #expect(try await everywhere() == ["i|203|"])
    }

    @Test
    func whatWasSurelyWrittenAfterABackupCountsBesideWhatIsWrittenToTheBackup() async throws {
        try await backUp("edge")
        // The member is brought further, so that what it writes next cannot be in the backup.
        try await write("eu", "UPDATE items SET note = 'eu' WHERE id = 'i';")
        try await group.site.syncOnce()
        try await write("edge", "UPDATE items SET stock = stock + 3 WHERE id = 'i';")
        try await group.site.syncOnce()
        #expect(try await everywhere() == ["i|103|eu"])
        try restore("edge")
        try await write("edge", "UPDATE items SET stock = stock + 100 WHERE id = 'i';")
        try await group.site.syncOnce()
        #expect(try await everywhere() == ["i|203|eu"])
        let conflicts = try await conflicts()
        #expect(!conflicts.contains("stock"), "\(conflicts)")
    }
}
