import Foundation
import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// Rows that a member refuses.
@Suite struct ParkedRowTests {
    @Test("What was taken with a batch of which nothing came is refused as before")
    func batchesThatComeToNothing() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tally-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ledger = try GroupLedger(path: folder + "/ledger.db", group: "g")
        defer { ledger.close() }
        let (id, member) = (RowID(table: 0, key: KeyCoding.encode(Row([.integer(1)]))), Actor(2))
        let now = Timestamp(microseconds: 7)
        func parked(_ sequence: UInt64) throws -> [RowID] {
            try ledger.parked(by: member, broughtTo: sequence).map(\.id)
        }
        try ledger.writing {
            let row = ParkedRow(id: id, base: 3, reason: "taken")
            try ledger.notePark([row], taken: [], by: member, end: 4, at: now)
            #expect(try parked(4) == [id])
            try ledger.notePark([], taken: [id], by: member, end: 6, at: now)
            #expect(try parked(4) == [id])
            #expect(try parked(6) == [])
            #expect(try ledger.parkedBase(of: id, in: member, broughtTo: 4) == 3)
            try ledger.forgetTaken(member, broughtTo: 6)
            #expect(try parked(0) == [])
        }
    }
}
