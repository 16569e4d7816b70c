import TallyLedger
import TallyMerge
import TallyModel

extension GroupRecord {
    /// How many rows one transaction of the ledger notes.
    private static let step = 2000

    /// Has a member be sent all rows of a table once more, and remembers until then that it lacks them: it has lost the table,
    /// whose rows it was sent before. A member that was brought to nothing yet is sent them anyway.
    func sendAgain(_ table: Int, to name: String) throws {
        let ledger = try opened()
        let member = try member(name)
        // Who wrote all there is may have been brought to nothing, and held it all the same.
        let isNew = member.base == 0 && member.cameAt == 0 && member.stage != .live && name != settings.seed
        guard !isNew else { return }
        var last: [UInt8]?
        while case let some = try ledger.rows(of: table, after: last, limit: Self.step), !some.isEmpty {
            last = some.last?.key
            try changing { merger in
                var memory = ledger
                let (base, moment) = (merger.head.sequence, now())
                var transaction = CapturedTransaction(
                    author: .node,
                    base: base,
                    committed: moment,
                    received: moment,
                    changes: []
                )
                transaction.returning = Set(try some.filter { try merger.row($0, in: &memory) != nil })
                _ = try merger.take(transaction, into: &memory)
            }
        }
        try ledger.writing { try ledger.noteMade(table, for: member.actor, until: head.sequence) }
    }

    /// Whether a table was made anew for a member and still lacks rows there: what it lacks was never deleted.
    func isMade(_ table: Int, for name: String) throws -> Bool {
        try opened().isMade(table, for: member(name).actor)
    }
}
