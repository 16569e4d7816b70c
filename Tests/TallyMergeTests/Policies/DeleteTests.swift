import TallyMerge
import TallyModel
import Testing

struct DeleteTests {
    @Test(arguments: [
        (DeletePolicy.wins, true, nil as Value?, UInt16(1)), (.loses, true, .integer(5), 2),
        (.latest, true, nil, 1), (.latest, false, .integer(5), 2), (.wins, false, nil, 1),
    ])
    func aDeleteAgainstAConcurrentUpdate(policy: DeletePolicy, isLater: Bool, value: Value?, winner: UInt16) throws {
        var table = Table(.latest, base: .integer(0), delete: policy)
        table.write(1, at: isLater ? 9 : 1, .delete)
        table.write(2, at: 5, from: .integer(0), to: .integer(5))
        let outcome = try table.outcome()
        #expect(outcome.row == value.map { Row([$0]) })
        #expect(outcome.clashes.map(\.column) == [nil])
        #expect(outcome.clashes.first?.winner?.actor.number == winner)
        #expect(Set(outcome.clashes.first?.candidates ?? []).count == 2)
    }

    @Test func aRevivedRowHasAllItsColumns() throws {
        var state = RowState(base: Row([.integer(1), .text("kept")]), seen: VersionVector())
        func stamp(_ actor: UInt16, at time: Int64) -> Stamp {
            let dot = Dot(actor: Actor(actor), counter: 1)
            return Stamp(dot: dot, time: HybridTime(microseconds: time), context: VersionVector())
        }
        state.add(RowWrite(stamp: stamp(1, at: 2), kind: .delete, edits: []))
        #expect(try state.outcome(under: MergeRules(), evaluating: Concatenation()).row == nil)
        let edit = ColumnEdit(column: 0, before: .integer(1), after: .integer(2))
        state.add(RowWrite(stamp: stamp(2, at: 3), kind: .update, edits: [edit]))
        let outcome = try state.outcome(under: MergeRules(), evaluating: Concatenation())
        #expect(outcome.row == Row([.integer(2), .text("kept")]))
    }

    @Test func aRowThatAllDeletedIsGoneWithoutAClash() throws {
        var table = Table(.latest, base: .integer(0), delete: .loses)
        table.write(1, at: 1, .delete)
        table.write(2, at: 2, .delete)
        #expect(try table.outcome() == MergeOutcome(row: nil, clashes: []))
        table.write(3, at: 3, seen: [1: 1, 2: 1], .insert, to: .integer(4))
        #expect(try table.outcome() == MergeOutcome(row: Row([.integer(4)]), clashes: []))
    }

    @Test func anUpdateThatTheDeleteHadSeenDoesNotSaveTheRow() throws {
        var table = Table(.latest, base: .integer(0), delete: .loses)
        table.write(1, at: 1, to: .integer(1))
        table.write(2, at: 2, seen: [1: 1], .delete)
        #expect(try table.outcome() == MergeOutcome(row: nil, clashes: []))
    }

    @Test func columnsThatCameLaterWidenTheRow() throws {
        var state = RowState(base: Row([.integer(1)]), seen: VersionVector())
        let stamp = Stamp(
            dot: Dot(actor: Actor(1), counter: 1),
            time: HybridTime(microseconds: 1),
            context: VersionVector()
        )
        let edit = ColumnEdit(column: 2, before: nil, after: .integer(3))
        state.add(RowWrite(stamp: stamp, kind: .update, edits: [edit]))
        let outcome = try state.outcome(under: MergeRules(), evaluating: Concatenation())
        #expect(outcome.row == Row([.integer(1), nil, .integer(3)]), "what nobody knows is absent")
    }
}
