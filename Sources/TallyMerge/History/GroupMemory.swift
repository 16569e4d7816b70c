/// What a group remembers of its rows: the part of a ledger that deciding needs.
///
/// All of it belongs to one transaction of the ledger: what is kept is read again at once, and is durable or gone with
/// the rest of the transaction.
public protocol GroupMemory {
    /// The row's last version; `nil` where the ledger has never heard of it.
    mutating func latest(of row: RowID) throws -> RowVersion?

    /// The row's last version up to `sequence`; `nil` where there is none, or none any more.
    mutating func version(of row: RowID, upTo sequence: UInt64) throws -> RowVersion?

    /// What is known of the row's versions without their states, the newest first, until `isEnough` says so.
    mutating func trace(_ row: RowID, until isEnough: (VersionTrace) -> Bool) throws

    /// What had been seen by whoever had been brought to `sequence`.
    mutating func sight(at sequence: UInt64) throws -> Sight

    /// The rows of a table that are there.
    mutating func rows(of table: Int) throws -> [RowID]

    /// The rows of a table that were written, deleted or withheld after `sequence`.
    mutating func rows(of table: Int, writtenAfter sequence: UInt64) throws -> [RowID]

    mutating func keep(_ version: RowVersion, of row: RowID, isNew: Bool) throws
    mutating func keep(_ entry: Entry) throws
    mutating func keep(_ conflict: Conflict) throws
}

/// How much of a group's history somebody has seen.
public struct Sight: Sendable, Hashable {
    public var sequence: UInt64
    public var vector: VersionVector
    /// The latest time among what was seen; a write that follows is later.
    public var clock: HybridTime?

    public init(sequence: UInt64 = 0, vector: VersionVector = VersionVector(), clock: HybridTime? = nil) {
        self.sequence = sequence
        self.vector = vector
        self.clock = clock
    }
}
