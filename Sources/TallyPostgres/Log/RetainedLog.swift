import TallyModel

/// Judges how much log the server keeps for a slot against a budget, in stages.
struct RetainedLog {
    enum Stage: Int, Comparable {
        case fine, half, most, over, unreserved

        static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    private let budget: Int
    /// Whether a group reads the log, and not a flow.
    private let isMember: Bool
    private(set) var stage = Stage.fine

    /// - Parameters:
    ///   - budget: How much may be kept before it is said that it is too much.
    ///   - isMember: Whether a group reads the log, and not a flow.
    init(budget: ByteCount, isMember: Bool) {
        self.budget = budget.bytes
        self.isMember = isMember
    }

    /// Takes note of how it is now.
    ///
    /// - Returns: Whether the stage is another than before.
    mutating func observe(_ slot: ReplicationSlot) -> Bool {
        let former = stage
        stage =
            switch slot.retained {
            case _ where slot.walStatus == "unreserved" || slot.walStatus == "lost": .unreserved
            case budget...: .over
            case (budget / 5 * 4)...: .most
            case (budget / 2)...: .half
            default: .fine
            }
        return stage != former
    }

    /// What people should know; `nil` when all is well.
    func message(for slot: ReplicationSlot) -> String? {
        let kept = "the server keeps \(ByteCount(slot.retained)) of its log for slot \(slot.name)"
        let (reader, again) = isMember ? ("group", "the member joins again") : ("flow", "the flow has to be resynced")
        return switch stage {
        case .fine: nil
        case .half: "\(kept), half of the budget of \(ByteCount(budget)): the \(reader) is behind"
        case .most: "\(kept), four fifths of the budget of \(ByteCount(budget)): see what holds the \(reader) up"
        case .over:
            "\(kept), more than the budget of \(ByteCount(budget)): its disk may fill up. Let the \(reader) catch up, or "
                + "`tally remove` it, or have the server drop the log with max_slot_wal_keep_size (then \(again))"
        case .unreserved:
            "\(kept) and is about to remove it (max_slot_wal_keep_size): if the \(reader) does not catch up at once, "
                + again
        }
    }
}
