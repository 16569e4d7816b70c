import TallyMerge
import TallyModel

/// One step in a member's log: a transaction of somebody's, or one of the group's own.
struct IntakeStep: Sendable {
    var changes: [MemberChange] = []
    var committed = Timestamp(microseconds: 0)
    /// The place in the ledger that the member was brought to, where the transaction is the group's own.
    var applied: Position?
    /// How far the log is taken in with this step.
    var position: Position?

    /// When the last of what somebody wrote was committed; `nil` where nobody wrote anything.
    var latest: Timestamp? {
        changes.isEmpty ? nil : changes.compactMap(\.time).reduce(committed) { max($0, $1) }
    }

    /// - Parameter changes: The step's, in the group's terms.
    /// - Returns: `nil` where there are none.
    func transaction(_ changes: [RowChange], author: Actor, base: UInt64, received: Timestamp) -> CapturedTransaction? {
        guard !changes.isEmpty else { return nil }
        var transaction = CapturedTransaction(
            author: author,
            base: base,
            committed: committed,
            received: received,
            changes: changes
        )
        transaction.returning = Set(self.changes.lazy.filter(\.isRounded).map(\.key.id))
        return transaction
    }
}
