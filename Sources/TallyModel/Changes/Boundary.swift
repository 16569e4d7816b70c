/// Where one transaction ends among the changes of a slice.
///
/// A source that does not tell transactions apart (SQLite by triggers) gives several that follow each other as one, and
/// never half of one.
public struct Boundary: Sendable, Hashable {
    /// How many of the slice's changes come before the end.
    public var count: Int
    public var commit: Commit
    /// The place in the ledger that the group's node brought the member to in this transaction, which is its own and comes
    /// without changes: every transaction after it had seen the ledger so far. `nil` for transactions of others.
    public var applied: Position?

    public init(count: Int, commit: Commit, applied: Position? = nil) {
        self.count = count
        self.commit = commit
        self.applied = applied
    }
}
