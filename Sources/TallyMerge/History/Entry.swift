public import TallyModel

/// One transaction in a group's ledger; its rows are kept as versions beside it.
public struct Entry: Sendable, Hashable {
    public var sequence: UInt64
    public var dot: Dot
    public var base: UInt64
    /// When its member committed it, by that member's clock.
    public var committed: Timestamp
    /// What whoever is brought to this entry has seen.
    public var sight: Sight
    /// How far the member's clock was ahead of what is allowed.
    public var clamped: Duration?
    /// How many rows it wrote.
    public var rows: Int

    public init(
        sequence: UInt64,
        dot: Dot,
        base: UInt64,
        committed: Timestamp,
        sight: Sight,
        clamped: Duration?,
        rows: Int
    ) {
        self.sequence = sequence
        self.dot = dot
        self.base = base
        self.committed = committed
        self.sight = sight
        self.clamped = clamped
        self.rows = rows
    }
}

/// Changes to one row that had not seen each other, and what became of them.
public struct Conflict: Sendable, Hashable {
    /// The entry with which it arose.
    public var sequence: UInt64
    public var row: RowID
    public var clash: Clash
    public var policy: DecidingPolicy
    /// The changes that met, in canonical order.
    public var writes: [RowWrite]
    /// What the row became; `nil` where it is gone.
    public var result: Row?

    public init(
        sequence: UInt64,
        row: RowID,
        clash: Clash,
        policy: DecidingPolicy,
        writes: [RowWrite],
        result: Row?
    ) {
        self.sequence = sequence
        self.row = row
        self.clash = clash
        self.policy = policy
        self.writes = writes
        self.result = result
    }
}
