import TallyMerge
import TallyModel

/// One step in a member's log: a transaction of somebody's, or one of the group's own.
struct IntakeStep: Sendable {
    /// What the transaction changed before ``changes``, where that was too much to hold.
    var spooled: SpooledChanges?
    var changes: [MemberChange] = []
    var committed = Timestamp(microseconds: 0)
    /// The place in the ledger that the member was brought to, where the transaction is the group's own.
    var applied: Position?
    /// How far the log is taken in with this step.
    var position: Position?

    /// When the last of what somebody wrote was committed; `nil` where nobody wrote anything.
    var latest: Timestamp? {
        if changes.isEmpty, spooled == nil { return nil }
        return changes.compactMap(\.time).reduce(max(spooled?.latest ?? committed, committed)) { max($0, $1) }
    }

    /// Whether it is to be taken in part by part: it need not fit into memory, or concerns a whole table.
    var isLarge: Bool { spooled != nil || changes.contains { $0.operation == .truncate } }

    /// The step as a transaction.
    ///
    /// - Parameter changes: The step's, in the group's terms.
    func transaction(_ changes: [RowChange], author: Actor, base: UInt64, received: Timestamp) -> CapturedTransaction {
        CapturedTransaction(author: author, base: base, committed: committed, received: received, changes: changes)
    }
}

extension [MemberChange] {
    /// Rows that the member holds otherwise than the group takes them.
    var rounded: Set<RowID> { Set(lazy.filter(\.isRounded).map(\.key.id)) }
}
