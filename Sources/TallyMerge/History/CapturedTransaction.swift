public import TallyModel

/// What one member committed together, in the group's own terms.
public struct CapturedTransaction: Sendable, Hashable {
    public var author: Actor
    /// The sequence up to which the member had been brought when it committed this.
    public var base: UInt64
    /// When it was committed, by the member's clock.
    public var committed: Timestamp
    /// When the node read it, by the node's clock.
    public var received: Timestamp
    public var changes: [RowChange]
    /// Rows that the member had without having been brought to ``base``: the sequence at which each was found to be as the
    /// group had it, while the member joined; 0 for those that were something of its own.
    public var compared: [RowID: UInt64]
    /// Of the rows of ``compared``, those that the member held as nothing that the group ever had.
    public var guessed: Set<RowID> = []
    /// Rows that the member does not hold quite as ``changes`` say or the group has them, and that it is sent even where nobody
    /// else wrote them.
    public var returning: Set<RowID> = []
    /// What the author had written to rows before its history went backwards, of which nobody can tell whether what it went
    /// back to has it: where both are differences, one may be part of the other.
    public var earlier: [RowID: [RowWrite]] = [:]
    public var standing: Standing

    /// What a transaction's member had, besides what it had been brought to.
    public enum Standing: Sendable, Hashable {
        /// All that it wrote before.
        case following
        /// Rows of its own, and nothing of the group: it joins.
        case new
        /// All that it wrote before, and what a later copy of the ledger had brought it to: what it has besides its base comes
        /// from nobody knows whom.
        case ahead
        /// All there is: it is what a person decided. Every value given is meant, even where the row holds it already, and so
        /// settles what clashed there.
        case deciding
    }

    public init(
        author: Actor,
        base: UInt64,
        committed: Timestamp,
        received: Timestamp,
        changes: [RowChange],
        compared: [RowID: UInt64] = [:],
        standing: Standing = .following
    ) {
        self.author = author
        self.base = base
        self.committed = committed
        self.received = received
        self.changes = changes
        self.compared = compared
        self.standing = standing
    }
}

/// One change that a member made.
public enum RowChange: Sendable, Hashable {
    /// The row holds these values now, one place per column of the group's table; absent ones are as they were.
    /// `time` is when it was written, where that is known better than for the whole transaction.
    case put(RowID, Row, time: Timestamp?)
    case delete(RowID, time: Timestamp?)
    /// The row goes by another key, with these values: absent ones are as they were under the key before.
    case move(from: RowID, to: RowID, Row, time: Timestamp?)
    case truncate(table: Int)
}

extension RowChange {
    /// The rows that the change names.
    public var rows: [RowID] {
        switch self {
        case .put(let id, _, _), .delete(let id, _): [id]
        case .move(let former, let id, _, _): [former, id]
        case .truncate: []
        }
    }
}
