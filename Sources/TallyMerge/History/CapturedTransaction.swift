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
    public var changes: [CapturedChange]
    /// Whether the member has seen nothing of the group's rows yet: it joins with rows of its own.
    public var isJoining: Bool
    /// Whether a person decided it: every value given is meant, even where the row holds it already, and so settles what
    /// clashed there.
    public var isDecision: Bool

    public init(
        author: Actor,
        base: UInt64,
        committed: Timestamp,
        received: Timestamp,
        changes: [CapturedChange],
        isJoining: Bool = false,
        isDecision: Bool = false
    ) {
        self.author = author
        self.base = base
        self.committed = committed
        self.received = received
        self.changes = changes
        self.isJoining = isJoining
        self.isDecision = isDecision
    }
}

/// One change that a member made.
public enum CapturedChange: Sendable, Hashable {
    /// The row holds these values now, one place per column of the group's table; absent ones are as they were.
    /// `time` is when it was written, where that is known better than for the whole transaction.
    case put(RowID, Row, time: Timestamp?)
    case delete(RowID, time: Timestamp?)
    /// The row goes by another key, with these values: absent ones are as they were under the key before.
    case move(from: RowID, to: RowID, Row, time: Timestamp?)
    case truncate(table: Int)
}
