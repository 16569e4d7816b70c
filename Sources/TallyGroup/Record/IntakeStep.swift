import TallyMerge
import TallyModel

/// One step in a member's log: a transaction of somebody's, or one of the group's own.
struct IntakeStep: Sendable {
    var changes: [RowChange] = []
    var committed = Timestamp(microseconds: 0)
    /// The sequence that the member was brought to, where the transaction is the group's own.
    var applied: UInt64?
    /// How far the log is taken in with this step.
    var position: Position?

    /// When the last of what somebody wrote was committed; `nil` where nobody wrote anything.
    var latest: Timestamp? {
        changes.isEmpty ? nil : changes.compactMap(\.time).reduce(committed) { max($0, $1) }
    }

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

extension RowChange {
    /// When it was made, where that is known better than for the whole transaction.
    fileprivate var time: Timestamp? {
        switch self {
        case .put(_, _, let time), .delete(_, let time), .move(_, _, _, let time): time
        case .truncate: nil
        }
    }
}
