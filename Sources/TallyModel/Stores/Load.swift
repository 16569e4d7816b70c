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

/// Rows in a form of the source's own kind, which a target of the same kind takes as it is.
public struct PackedRows: Sendable {
    /// What form it is: `postgres-binary`. A target says which it takes: ``TargetSession/packedForms``.
    public var form: String
    /// Names and types of the rows' fields, in the form's own words: what a target compares with its table, to take
    /// rows apart by itself where they do not match.
    public var layout: String
    public var count: Int
    /// The rows, in pieces that follow each other.
    public var pieces: [[UInt8]]
    /// Takes the rows apart, for a target or a transform that needs each by itself.
    public var unpack: @Sendable () throws -> [Row]

    public init(
        form: String,
        layout: String,
        count: Int,
        pieces: [[UInt8]],
        unpack: @escaping @Sendable () throws -> [Row]
    ) {
        self.form = form
        self.layout = layout
        self.count = count
        self.pieces = pieces
        self.unpack = unpack
    }
}

/// Rows of one table as one snapshot of the source held them.
public struct Chunk: Sendable {
    public var schema: TableSchema
    /// Every row that the snapshot had in ``range``, in key order; empty where they are ``packed``.
    public var rows: [Row]
    /// The rows in a form that need not be taken apart; `nil` where they are ``rows``.
    public var packed: PackedRows?
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
        packed: PackedRows? = nil,
        range: KeyRange,
        isLast: Bool,
        asOf: Position,
        byteCount: Int
    ) {
        self.schema = schema
        self.rows = rows
        self.packed = packed
        self.range = range
        self.isLast = isLast
        self.asOf = asOf
        self.byteCount = byteCount
    }
}

extension Chunk {
    public var rowCount: Int { packed?.count ?? rows.count }

    /// The chunk with its rows taken apart.
    public func unpacked() throws -> Chunk {
        guard let packed else { return self }
        var chunk = self
        chunk.rows = try packed.unpack()
        chunk.packed = nil
        return chunk
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
