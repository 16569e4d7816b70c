/// A part of a table's key space: keys after `lower`, up to and including `upper`, in the source's own order of keys.
public struct KeyRange: Sendable, Hashable {
    /// Key values in key order; `nil` for the beginning.
    public var lower: Row?
    /// Key values in key order; `nil` for the end.
    public var upper: Row?

    public init(lower: Row? = nil, upper: Row? = nil) {
        self.lower = lower
        self.upper = upper
    }

    public static let all = KeyRange()
}

/// Rows of one table as one snapshot of the source held them.
public struct Chunk: Sendable {
    public var schema: TableSchema
    /// Every row that the snapshot had in ``range``, in key order.
    public var rows: [Row]
    /// What part of the key space ``rows`` speaks for.
    public var range: KeyRange
    /// Whether the range that was asked for is exhausted.
    public var isLast: Bool
    /// A position that the snapshot includes: the stream has to pass it before the rows are exactly right.
    public var asOf: Position
    /// About how much memory the chunk takes, for budgets.
    public var byteCount: Int

    public init(
        schema: TableSchema,
        rows: [Row],
        range: KeyRange,
        isLast: Bool,
        asOf: Position,
        byteCount: Int
    ) {
        self.schema = schema
        self.rows = rows
        self.range = range
        self.isLast = isLast
        self.asOf = asOf
        self.byteCount = byteCount
    }
}

/// What a target does with the rows of a chunk.
public enum LoadMode: String, Sendable, Hashable {
    /// Writes every row; what else the target holds stays.
    case add
    /// Makes the range equal to the chunk: writes rows that differ, deletes those that the chunk lacks.
    case replace
    /// Deletes the rows of the range that the chunk lacks; writes nothing.
    case sweep
}
