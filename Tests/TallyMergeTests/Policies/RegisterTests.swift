import TallyMerge
import TallyModel
import Testing

/// One column, set by three who know nothing of each other, unless said otherwise.
struct RegisterTests {
    private func table(_ policy: ColumnPolicy) -> Table {
        var table = Table(policy, base: .integer(0))
        table.write(1, at: 30, from: .integer(0), to: .integer(7))
        table.write(2, at: 10, from: .integer(0), to: .real(9.5))
        table.write(3, at: 20, from: .integer(99), to: .decimal("-3"))
        return table
    }

    @Test(arguments: [
        (ColumnPolicy.latest, Value.integer(7), 1), (.earliest, .real(9.5), 2), (.greatest, .real(9.5), 2),
        (.least, .decimal("-3"), 3), (.prefer([Actor(9), Actor(3)]), .decimal("-3"), 3),
        (.prefer([Actor(9)]), .integer(7), 1), (.manual, .integer(7), 1),
    ])
    func thePolicyChooses(policy: ColumnPolicy, value: Value, winner: Int) throws {
        let outcome = try table(policy).outcome()
        #expect(outcome.row == Row([value]))
        let clash = try #require(outcome.clashes.first)
        #expect(clash.column == 0)
        #expect(clash.candidates.map(\.actor.number) == [2, 3, 1], "in canonical order")
        #expect(clash.winner?.actor == Actor(UInt16(winner)))
        #expect(clash.isWaiting == (policy == .manual))
    }

    @Test func anExpressionTakesTheEditsTwoByTwoInCanonicalOrder() throws {
        let outcome = try table(.expression("|")).outcome()
        let first = "\(Value.integer(0))|\(Value.real(9.5))|\(Value.decimal("-3"))"
        #expect(outcome.row == Row([.text("\(Value.integer(0))|\(Value.text(first))|\(Value.integer(7))")]))
        #expect(outcome.clashes.first?.winner == nil)
    }

    @Test func tiesOfTimeGoToTheGreaterActorAndThenToItsLaterWrite() throws {
        var table = Table(.latest, base: .integer(0))
        table.write(2, at: 5, to: .integer(1))
        table.write(2, at: 5, to: .integer(2))
        table.write(1, at: 5, to: .integer(3))
        #expect(try table.value() == .integer(2))
        table.rules.columns = [.earliest]
        #expect(try table.value() == .integer(3))
        table.write(3, at: 5, to: .real(2))
        table.rules.columns = [.greatest]
        #expect(try table.value() == .integer(3))
        table.write(4, at: 5, to: .decimal("3.0"))
        #expect(try table.value() == .decimal("3.0"), "of equal numbers, the later spelling")
    }

    @Test func aWriteThatHasSeenTheOthersStandsWhateverThePolicy() throws {
        for policy: ColumnPolicy in [.earliest, .greatest, .prefer([Actor(1)]), .expression("+"), .manual] {
            var table = table(policy)
            table.write(4, at: 40, seen: [1: 1, 2: 1, 3: 1], to: .integer(1))
            #expect(try table.outcome() == MergeOutcome(row: Row([.integer(1)]), clashes: []))
        }
    }

    @Test func aWriteOfOneColumnDoesNotDecideAnother() throws {
        var state = RowState(base: Row([.integer(0), .integer(0)]), seen: VersionVector())
        func write(_ actor: UInt16, at time: Int64, seen: [Actor: UInt64], column: Int, to after: Int64) -> RowWrite {
            let dot = Dot(actor: Actor(actor), counter: 1)
            let time = HybridTime(microseconds: time)
            let stamp = Stamp(dot: dot, time: time, context: VersionVector(seen))
            let edit = ColumnEdit(column: column, before: .integer(0), after: .integer(after))
            return RowWrite(stamp: stamp, kind: .update, edits: [edit])
        }
        state.add(write(1, at: 1, seen: [:], column: 0, to: 1))
        state.add(write(2, at: 2, seen: [:], column: 0, to: 2))
        state.add(write(3, at: 3, seen: [Actor(1): 1, Actor(2): 1], column: 1, to: 3))
        let outcome = try state.outcome(under: MergeRules(), evaluating: Concatenation())
        #expect(outcome.row == Row([.integer(2), .integer(3)]))
        #expect(outcome.clashes.map(\.column) == [0], "still undecided by whoever wrote column 1")
    }

    @Test func equalValuesDoNotClash() throws {
        var table = Table(.manual, base: .integer(0))
        table.write(1, at: 1, to: .integer(5))
        table.write(2, at: 2, to: .decimal("5.00"))
        #expect(try table.outcome() == MergeOutcome(row: Row([.decimal("5.00")]), clashes: []))
    }
}
