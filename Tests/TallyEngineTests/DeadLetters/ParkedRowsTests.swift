import TallyEngine
import TallyModel
import Testing

struct ParkedRowsTests {
    private let items = Samples.items

    @Test func aSecondRefusalOfARowReplacesItsLetterAndCounts() {
        var parked = ParkedRows([Samples.letter(Samples.insert(1, 1), id: 7)])
        parked.park(Samples.letter(Samples.insert(1, 2)))
        let letter = parked.letter(of: items.name, key: Samples.key(1))
        #expect(letter?.id == 7)
        #expect(letter?.changes == 2)
        #expect(letter?.change == Samples.insert(1, 2))
        #expect(parked.count == 1)
    }

    @Test func aLetterIsMadeDurableOnce() {
        var parked = ParkedRows()
        parked.park(Samples.letter(Samples.insert(1, 1)))
        #expect(parked.toPark.count == 1)
        parked.parked([Samples.letter(Samples.insert(1, 1), id: 9)])
        #expect(parked.toPark.isEmpty)
        #expect(parked.letter(of: items.name, key: Samples.key(1))?.id == 9)
    }

    @Test func aLetterThatPassesHoldsWhatTheTargetTookUntilItIsGone() {
        let letter = Samples.letter(Samples.insert(1, 1), id: 7)
        var parked = ParkedRows([letter])
        parked.pass(letter, as: Samples.update(1, 5, 5), of: items)
        #expect(parked.letter(of: items.name, key: Samples.key(1)) == nil)
        #expect(!parked.holds(items.name))
        // Should it outlive the commit through a crash, trying it again must change nothing.
        #expect(parked.toPark.map(\.change) == [Samples.update(1, 5, 5)])
        #expect(parked.committed().map(\.id) == [7])
        #expect(parked.committed().isEmpty)
    }

    @Test func aLetterThatPassedHoldsWhatCameAfterInTheSameTransactionToo() {
        var parked = ParkedRows([Samples.letter(Samples.insert(1, 1), id: 7)])
        parked.took(Samples.update(1, 5, 5), of: items, key: Samples.key(1))
        parked.took(Samples.update(1, nil, 6), of: items, key: Samples.key(1))
        #expect(parked.toPark.map(\.change) == [Samples.update(1, 5, 6)])
        parked.took(Samples.delete(1), of: items, key: Samples.key(1))
        #expect(parked.toPark.map(\.change) == [Samples.delete(1)])
        #expect(parked.concerns(items.name))
    }

    @Test func afterATruncateALetterHoldsADelete() {
        var parked = ParkedRows([Samples.letter(Samples.insert(1, 1), id: 7)])
        parked.tookTruncate(of: items.name)
        #expect(parked.isEmpty)
        #expect(parked.toPark.map(\.change) == [Samples.delete(1)])
    }

    @Test func aRowRefusedAgainAfterPassingKeepsItsLetter() {
        let letter = Samples.letter(Samples.insert(1, 1), id: 7)
        var parked = ParkedRows([letter])
        parked.pass(letter, as: letter.change, of: items)
        parked.park(Samples.letter(Samples.insert(1, 2)))
        #expect(parked.letter(of: items.name, key: Samples.key(1))?.id == 7)
        #expect(parked.committed().isEmpty)
    }
}

struct HeldRowsTests {
    private func held(_ letter: DeadLetter) -> HeldRows { HeldRows(ParkedRows([letter])) }

    @Test func aChangeThatLeavesColumnsOutTakesThemFromTheLetter() {
        var rows = held(Samples.letter(Samples.insert(1, 1, 2), id: 1))
        #expect(rows.folded(Samples.update(1, 9), Samples.items) == [Samples.update(1, 9, 2)])
    }

    @Test func twoChangesOfOneSliceAddUp() {
        var rows = held(Samples.letter(Samples.insert(1, 1, 2), id: 1))
        _ = rows.folded(Samples.update(1, 9), Samples.items)
        #expect(rows.folded(Samples.update(1, nil, 8), Samples.items) == [Samples.update(1, 9, 8)])
    }

    @Test func afterATruncateTheLetterHasNothingToSay() {
        var rows = held(Samples.letter(Samples.insert(1, 1, 2), id: 1))
        _ = rows.folded(Change(.truncate, table: 0, row: Row([])), Samples.items)
        #expect(rows.folded(Samples.insert(1, 9, 9), Samples.items) == [Samples.insert(1, 9, 9)])
    }

    @Test func aLetterOfAnOlderStructureIsReadByColumn() {
        var newer = Samples.items
        newer.version = 2
        newer.columns.swapAt(1, 2)
        var rows = held(Samples.letter(Samples.insert(1, 1, 2), id: 1))
        // In the newer structure b comes before a.
        let change = Change(.update, table: 0, row: Row([.integer(1), nil, .integer(9)]))
        #expect(rows.folded(change, newer).map(\.row) == [Row([.integer(1), .integer(2), .integer(9)])])
    }

    @Test func aMovedRowIsTakenApart() {
        var rows = held(Samples.letter(Samples.insert(1, 1, 2), id: 1))
        let parts = rows.folded(Samples.update(2, 1, 2, from: 1), Samples.items)
        #expect(parts.map(\.operation) == [.delete, .insert])
    }
}

struct RefusalsTests {
    private func outcome(_ steps: [(Change, String?)]) -> [Refusals.Consequence] {
        var refusals = Refusals([Samples.items])
        for (change, reason) in steps { refusals.add(change, refused: reason) }
        return refusals.consequences
    }

    @Test func aLaterChangeThatHoldsTheWholeRowMakesUpForARefusedOne() {
        let consequences = outcome([(Samples.insert(1, 1), "no"), (Samples.update(1, 2, 2), nil)])
        guard consequences.count == 1, case .pass = consequences[0] else {
            Issue.record("\(consequences)")
            return
        }
    }

    @Test func aLaterChangeThatLeavesColumnsOutIsTriedAgainWithTheRefusedOne() {
        let consequences = outcome([(Samples.update(1, 1, 1), "no"), (Samples.update(1, nil, 2), nil)])
        guard consequences.count == 1, case .again(let change) = consequences[0] else {
            Issue.record("\(consequences)")
            return
        }
        #expect(change == Samples.update(1, 1, 2))
    }

    @Test func aRefusedMoveStillTakesTheRowFromItsFormerKey() {
        let consequences = outcome([(Samples.update(2, 1, 1, from: 1), "no")])
        guard consequences.count == 2, case .again(let vacated) = consequences[0],
            case .park(let letter, _) = consequences[1]
        else {
            Issue.record("\(consequences)")
            return
        }
        #expect(vacated == Samples.delete(1))
        #expect(letter.formerKey == nil)
    }

    @Test func aRowThatCameBackUnderTheFormerKeyIsLeftAlone() {
        let consequences = outcome([(Samples.update(2, 1, 1, from: 1), "no"), (Samples.insert(1, 5), nil)])
        guard consequences.count == 2, case .pass = consequences[0], case .park = consequences[1] else {
            Issue.record("\(consequences)")
            return
        }
    }

    @Test func nothingIsLeftOfWhatWasRefusedBeforeATruncate() {
        let truncate = Change(.truncate, table: 0, row: Row([]))
        #expect(outcome([(Samples.insert(1, 1), "no"), (truncate, nil)]).isEmpty)
    }

    // MARK: Rows with NULL in their key

    private func unkeyed(_ a: Int64, _ operation: Change.Operation = .insert, id: Int64 = 0) -> DeadLetter {
        let row = Row([.null, .integer(a), .integer(0)])
        var letter = Samples.letter(Samples.insert(0, 0), id: id)
        letter.change = Change(operation, table: 0, row: row)
        letter.key = Samples.items.identity(of: row)
        return letter
    }

    @Test func rowsWithNullInTheirKeyHaveLettersOfTheirOwn() {
        var parked = ParkedRows()
        for a in [1, 2, 3, 2] as [Int64] { parked.park(unkeyed(a)) }
        #expect(parked.count == 3)
        #expect(Samples.items.identity(of: Row([.integer(5), .null, .null])) == Samples.key(5))
    }

    @Test func theDeleteOfARowWithNullInItsKeyTakesOneLetterAway() {
        var parked = ParkedRows([unkeyed(1, id: 4), unkeyed(2, id: 3), Samples.letter(Samples.insert(1, 1), id: 1)])
        let delete = Change(.delete, table: 0, row: Row([.null, nil, nil]))
        parked.took(delete, of: Samples.items, key: Samples.items.identity(of: delete.row))
        #expect(parked.committed().map(\.id) == [3])
        parked.took(delete, of: Samples.items, key: Samples.items.identity(of: delete.row))
        #expect(parked.committed().map(\.id) == [4])
        parked.took(delete, of: Samples.items, key: Samples.items.identity(of: delete.row))
        #expect(parked.committed().isEmpty)
        #expect(parked.all.map(\.id) == [1], "a row with a key is none of its business")
    }

    @Test func anUpdateOfARowWithNullInItsKeyTakesTheLettersPlace() {
        var parked = ParkedRows([unkeyed(1, id: 4)])
        parked.park(unkeyed(5, .update), replacingUnkeyed: true)
        #expect(parked.count == 1)
        #expect(parked.committed().map(\.id) == [4])
        parked.park(unkeyed(5, .update), replacingUnkeyed: true)
        #expect(parked.count == 1, "replayed, it is the same letter")
    }

    @Test func deletesOfRowsWithNullInTheirKeyAreAsManyAsTheyAre() {
        var refusals = Refusals([Samples.items])
        let delete = Change(.delete, table: 0, row: Row([.null, nil, nil]))
        for _ in 1...3 { refusals.add(delete, refused: nil) }
        refusals.add(Samples.delete(1), refused: nil)
        refusals.add(Samples.delete(1), refused: nil)
        #expect(refusals.consequences.count == 4)
    }
}
