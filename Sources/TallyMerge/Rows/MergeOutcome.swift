public import TallyModel

/// What a set of writes comes to.
public struct MergeOutcome: Sendable, Hashable {
    /// Nil when there is no row.
    public var row: Row?
    /// Where concurrent writes disagreed: about the row first, then by column. None about the columns of no row.
    public var clashes: [Clash]

    public init(row: Row?, clashes: [Clash]) {
        self.row = row
        self.clashes = clashes
    }
}

/// Concurrent writes that a policy had to decide between.
public struct Clash: Sendable, Hashable {
    /// Nil for a delete against other writes.
    public var column: Int?
    /// The writes that stand against each other, in canonical order.
    public var candidates: [Dot]
    /// Nil when the result is made of several.
    public var winner: Dot?
    /// Whether a person has to decide, the winner being provisional (``ColumnPolicy/manual``).
    public var isWaiting: Bool

    public init(column: Int?, candidates: [Dot], winner: Dot?, isWaiting: Bool = false) {
        self.column = column
        self.candidates = candidates
        self.winner = winner
        self.isWaiting = isWaiting
    }
}
