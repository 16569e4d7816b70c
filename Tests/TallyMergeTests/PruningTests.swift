import TallyMerge
import TallyModel
import Testing

struct PruningTests {
    @Test func aHotRowOfRegistersStaysSmall() throws {
        var state = RowState(base: Row([.integer(0), .text("")]), seen: VersionVector())
        let rules = MergeRules()
        for count in 1...10_000 {
            let context = VersionVector([Actor(1): UInt64(count - 1)])
            let time = HybridTime(microseconds: Int64(count))
            let stamp = Stamp(dot: Dot(actor: Actor(1), counter: UInt64(count)), time: time, context: context)
            let edits = [
                ColumnEdit(column: 0, before: .integer(Int64(count - 1)), after: .integer(Int64(count))),
                ColumnEdit(column: 1, before: nil, after: .text("\(count)")),
            ]
            state.add(RowWrite(stamp: stamp, kind: .update, edits: edits))
            state.prune(under: rules)
            #expect(state.writes.count == 1)
        }
        let outcome = try state.outcome(under: rules, evaluating: Concatenation())
        #expect(outcome.row == Row([.integer(10_000), .text("10000")]))
    }

    @Test func anEditIsDroppedWhenEachOfItsColumnsIsSetAnew() throws {
        var table = Table(.latest, base: .integer(0))
        table.write(1, at: 1, from: .integer(0), to: .integer(1))
        table.write(2, at: 2, seen: [1: 1], from: .integer(1), to: .integer(2))
        var state = table.state
        state.prune(under: table.rules)
        #expect(state.writes.map(\.stamp.dot.actor.number) == [2])
        let isNew = state.add(table.writes[0])
        #expect(isNew, "it is not known any more")
        #expect(try state.outcome(under: table.rules, evaluating: Concatenation()).row == Row([.integer(2)]))
    }

    @Test func additionsStayWhileTheyCount() throws {
        var table = Table(.counter, base: .integer(0))
        table.write(1, at: 1, from: .integer(0), to: .integer(1))
        table.write(1, at: 2, seen: [1: 1], from: .integer(1), to: .integer(2))
        var state = table.state
        state.prune(under: table.rules)
        #expect(state.writes.count == 2)
        table.write(2, at: 3, seen: [1: 2], .insert, to: .integer(7))
        state = table.state
        state.prune(under: table.rules)
        #expect(state.writes.count == 1)
    }

    @Test func aDeleteStaysUntilALaterWriteHasSeenIt() throws {
        var table = Table(.latest, base: .integer(0))
        table.write(1, at: 1, .delete)
        table.write(2, at: 2, to: .integer(2))
        var state = table.state
        state.prune(under: table.rules)
        #expect(state.writes.count == 2)
        table.write(3, at: 3, seen: [1: 1, 2: 1], .insert, to: .integer(3))
        state = table.state
        state.prune(under: table.rules)
        #expect(state.writes.map(\.kind) == [.insert])
    }

    /// The write that has seen the second has not seen what the second had: both are still needed.
    @Test func whatStandsAgainstAWriteStillToArriveIsKept() throws {
        for kind in [RowWrite.Kind.update, .delete] {
            var table = Table(.greatest, base: .integer(0), delete: .wins)
            table.write(1, at: 2, seen: [3: 1], kind, from: .integer(9), to: .integer(1))
            table.write(2, at: 3, seen: [1: 1], kind == .delete ? .insert : .update, from: .integer(1), to: .integer(2))
            var state = table.state
            state.prune(under: table.rules)
            table.write(3, at: 1, kind, from: .integer(0), to: .integer(9))
            state.add(table.writes[2])
            let outcome = try state.outcome(under: table.rules, evaluating: Concatenation())
            #expect(outcome == MergeOutcome(row: Row([.integer(2)]), clashes: []))
        }
    }
}
