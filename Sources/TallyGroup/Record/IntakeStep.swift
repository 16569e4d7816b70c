import TallyMerge
import TallyModel

/// One step in a member's log: a transaction of somebody's, or one of the group's own.
struct IntakeStep: Sendable {
    var changes: [RowChange] = []
    var committed = Timestamp(microseconds: 0)
    /// The place in the ledger that the member was brought to, where the transaction is the group's own.
    var applied: Position?
    /// How far the log is taken in with this step.
    var position: Position?

    func transaction(author: Actor, base: UInt64, received: Timestamp) -> CapturedTransaction? {
        guard !changes.isEmpty else { return nil }
        return CapturedTransaction(
            author: author,
            base: base,
            committed: committed,
            received: received,
            changes: changes
        )
    }
}
