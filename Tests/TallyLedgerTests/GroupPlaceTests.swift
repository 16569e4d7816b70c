import Foundation
import TallyLedger
import TallyMerge
import TallyModel
import Testing

/// Places in copies of one ledger that were all written to.
@Suite struct GroupPlaceTests {
    /// Opens the ledger and keeps some entries, as one run of a node does.
    private func write(_ count: Int, to path: String, by actor: UInt16 = 1) throws {
        let ledger = try GroupLedger(path: path, group: "g")
        defer { ledger.close() }
        try ledger.writing {
            for _ in 0..<count {
                let head = try ledger.head().sight
                var vector = head.vector
                let dot = Dot(actor: Actor(actor), counter: vector[Actor(actor)] + 1)
                vector.insert(dot)
                let clock = HybridTime(microseconds: 7, counter: 0)
                try ledger.keep(
                    Entry(
                        sequence: head.sequence + 1,
                        dot: dot,
                        base: head.sequence,
                        committed: Timestamp(microseconds: 7),
                        sight: Sight(sequence: head.sequence + 1, vector: vector, clock: clock),
                        clamped: nil,
                        rows: 0
                    )
                )
            }
        }
    }

    private func reading<Result>(_ path: String, _ body: (GroupLedger) throws -> Result) throws -> Result {
        let ledger = try #require(try GroupLedger(readingAt: path, group: "g"))
        defer { ledger.close() }
        return try body(ledger)
    }

    /// What a member's store keeps of a place.
    private func told(_ path: String, _ sequence: UInt64) throws -> LedgerPlace {
        let text = try reading(path) { try $0.place(at: sequence).position.encoded }
        return LedgerPlace(try #require(Position(encoded: text)))
    }

    @Test func `A place is known to every ledger that has it and to no other, whatever its number`() async throws {
        try await withTemporaryFolder { folder in
            let (one, other) = ("\(folder)/one.db", "\(folder)/other.db")
            try write(3, to: one)
            try write(2, to: one)
            try FileManager.default.copyItem(atPath: one, toPath: other)
            // The same entries to the letter, by another run.
            try write(4, to: one)
            try write(4, to: other)
            try write(1, to: other)
            for sequence in UInt64(0)...5 {
                #expect(try reading(other) { try $0.holds(told(one, sequence)) }, "\(sequence)")
                #expect(try reading(other) { try $0.holds(LedgerPlace(told(one, sequence).signature)) }, "\(sequence)")
            }
            for sequence in UInt64(6)...9 {
                #expect(try reading(one) { try $0.holds(told(one, sequence)) }, "\(sequence)")
                #expect(try reading(other) { try !$0.holds(told(one, sequence)) }, "\(sequence)")
                #expect(try reading(other) { try $0.parting(from: told(one, sequence)) } == 5)
            }
            #expect(try reading(one) { try $0.parting(from: told(other, 10)) } == 5)
        }
    }

    @Test func `A copy made in the middle of a run parts where it was made`() async throws {
        try await withTemporaryFolder { folder in
            let (one, other) = ("\(folder)/one.db", "\(folder)/other.db")
            try write(4, to: one)
            try FileManager.default.copyItem(atPath: one, toPath: other)
            for _ in 0..<3 { try write(1, to: one) }
            for run in 0..<12 { try write(1, to: other, by: UInt16(run % 2 + 1)) }
            #expect(try reading(other) { try $0.parting(from: told(one, 6)) } == 4)
            // More runs than a place tells: nobody can say.
            #expect(try reading(one) { try $0.parting(from: told(other, 16)) } == nil)
        }
    }
}
