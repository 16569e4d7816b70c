import Foundation
import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// Rows that a member refuses.
@Suite struct ParkedRowTests {
    private let id = RowID(table: 0, key: KeyCoding.encode(Row([.integer(1)])))
    private let member = Actor(2)

    /// What a member that was brought to some sequence makes of the row.
    private struct View {
        let ledger: GroupLedger
        let id: RowID
        let member: Actor

        func refuse(at sequence: UInt64, end: UInt64) throws {
            let row = ParkedRow(id: id, base: sequence, reason: "taken")
            try ledger.notePark(
                [row],
                taken: [],
                by: member,
                broughtTo: sequence,
                end: end,
                at: Timestamp(microseconds: 7)
            )
        }

        func take(at sequence: UInt64, end: UInt64) throws {
            try ledger.notePark(
                [],
                taken: [id],
                by: member,
                broughtTo: sequence,
                end: end,
                at: Timestamp(microseconds: 8)
            )
        }

        func isRefused(at sequence: UInt64) throws -> Bool {
            try ledger.parked(by: member, broughtTo: sequence).map(\.id) == [id]
        }

        func base(at sequence: UInt64) throws -> UInt64? {
            try ledger.parkedBase(of: id, in: member, broughtTo: sequence)
        }
    }

    private func withLedger(_ body: (View) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tally-test-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ledger = try GroupLedger(path: folder + "/ledger.db", group: "g")
        defer { ledger.close() }
        try ledger.writing { try body(View(ledger: ledger, id: id, member: member)) }
    }

    @Test("What was taken with a batch of which nothing came is refused as before")
    func batchesThatComeToNothing() throws {
        try withLedger { view in
            try view.refuse(at: 3, end: 4)
            #expect(try view.isRefused(at: 4))
            try view.take(at: 4, end: 6)
            #expect(try view.isRefused(at: 4))
            #expect(try !view.isRefused(at: 6))
            #expect(try view.base(at: 4) == 3)
            // Nothing came of it, and the next batch ends before.
            try view.take(at: 4, end: 5)
            #expect(try !view.isRefused(at: 5))
            #expect(try view.base(at: 5) == nil)
            try view.ledger.forgetTaken(member, broughtTo: 5)
            #expect(try !view.isRefused(at: 0))
        }
    }

    @Test("What is refused once more after it was taken counts as held of both times until the log is read so far")
    func refusedAgain() throws {
        try withLedger { view in
            try view.refuse(at: 0, end: 3)
            try view.take(at: 3, end: 4)
            try view.refuse(at: 4, end: 6)
            #expect(try view.base(at: 3) == 0)
            #expect(try view.base(at: 4) == nil)
            #expect(try view.base(at: 6) == 4)
            #expect(try view.ledger.parkedCounts() == [member: 1])
            try view.ledger.forgetTaken(member, broughtTo: 4)
            #expect(try view.isRefused(at: 6))
            #expect(try view.base(at: 6) == 4)
            try view.take(at: 6, end: 8)
            try view.ledger.forgetTaken(member, broughtTo: 8)
            #expect(try !view.ledger.hasParked(member))
        }
    }
}
