import TallyMerge
import TallyModel
import TallyTesting
import Testing

/// Rows that a member was found with, and that its log does not tell of: it was put back from a backup, or the ledger was.
@Suite struct FoundRowTests {
    private let row = RowID(table: 0, key: KeyCoding.encode(Row([.integer(1)])))

    private func put(
        _ values: [Value?],
        by author: UInt16,
        base: UInt64,
        at second: Int64,
        _ standing: CapturedTransaction.Standing,
        isFound: Bool = false
    ) -> CapturedTransaction {
        var transaction = CapturedTransaction(
            author: Actor(author),
            base: base,
            committed: Scene.time(second),
            received: Scene.time(second),
            changes: [.put(row, Row(values), time: nil)],
            compared: isFound ? [row: 0] : [:],
            standing: standing
        )
        if isFound { transaction.guessed = [row] }
        return transaction
    }

    private func merger(_ policy: ColumnPolicy) -> Merger {
        let rules = MergeRules(columns: [.latest, .latest, policy], delete: .latest)
        let table = MergeTable(rules: rules, kinds: [.exact, .exact, .exact])
        return Merger(tables: [table], expressions: NoExpressions())
    }

    @Test func `What a member wrote to its backup takes nothing back that others wrote since, whatever is folded`()
        throws
    {
        var memory = InMemoryGroupMemory()
        var merger = merger(.counter)
        _ = try merger.take(put([.integer(1), .text(""), .integer(100)], by: 1, base: 0, at: 1, .new), into: &memory)
        _ = try merger.take(put([nil, .text("eu"), nil], by: 1, base: 1, at: 2, .following), into: &memory)
        merger.stable = memory.sight(at: 2).vector
        _ = try merger.take(put([nil, nil, .integer(103)], by: 2, base: 2, at: 3, .following), into: &memory)
        // The second member is back as it was at the first entry, under another number, and wrote the row meanwhile.
        let found = put([.integer(1), .text(""), .integer(200)], by: 3, base: 1, at: 4, .following)
        _ = try merger.take(found, into: &memory)
        #expect(try merger.row(row, in: &memory) == Row([.integer(1), .text("eu"), .integer(203)]))
        #expect(memory.conflicts.isEmpty)
        #expect(memory.latest(of: row)?.returns == true)
    }

    @Test func `What its member writes there one after the other follows on itself, whatever is folded meanwhile`()
        throws
    {
        var memory = InMemoryGroupMemory()
        var merger = merger(.greatest)
        for transaction in [
            put([.integer(1), .text("seed"), .integer(0)], by: 1, base: 0, at: 1, .new),
            put([.integer(1), .text("found"), .integer(3)], by: 2, base: 1, at: 2, .ahead),
        ] {
            _ = try merger.take(transaction, into: &memory)
        }
        // Every member has been brought to the first entry, which is no longer told apart from what was before it.
        merger.stable = memory.sight(at: 1).vector
        let later: [[Value?]] = [[.integer(1), .text("again"), nil], [.integer(1), nil, .integer(2)]]
        for (second, values) in later.enumerated() {
            let change = put(values, by: 2, base: 1, at: Int64(3 + second), .following, isFound: true)
            _ = try merger.take(change, into: &memory)
        }
        #expect(try merger.row(row, in: &memory) == Row([.integer(1), .text("again"), .integer(2)]))
        #expect(memory.conflicts.isEmpty)
    }
}
