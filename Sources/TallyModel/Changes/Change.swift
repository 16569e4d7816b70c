/// One insert, update or delete of one row, or the truncation of a table.
public struct Change: Sendable, Hashable {
    public enum Operation: UInt8, Sendable, Hashable {
        case insert, update, delete, truncate
    }

    public var operation: Operation
    /// The place of the table in the slice's ``Slice/tables``.
    public var table: Int
    /// The row after the change; for a delete, its key with all else absent; for a truncate, nothing.
    public var row: Row
    /// The key values before the change, in key order, where an update gave the row another key.
    public var formerKey: Row?

    public init(_ operation: Operation, table: Int, row: Row, formerKey: Row? = nil) {
        self.operation = operation
        self.table = table
        self.row = row
        self.formerKey = formerKey
    }

    /// About how much memory the change takes, for budgets.
    public var byteCount: Int { 16 + row.byteCount + (formerKey?.byteCount ?? 0) }
}

/// A run of consecutive changes, as a source hands them over and a target takes them: a part of a batch.
///
/// A batch is one or more whole transactions. It may be larger than memory, so it moves as slices; the last one of a
/// batch says where it ends.
public struct Slice: Sendable {
    /// The tables that the changes refer to, each with the schema its rows were captured under.
    public var tables: [TableSchema]
    public var changes: [Change]
    /// Where the transactions so far end; `nil` when the last one goes on in the next slice.
    public var end: Commit?
    /// About how much memory the slice takes, for budgets.
    public var byteCount: Int
    /// Where each transaction that ends in the slice does, in order; only where ``CaptureRequest/group`` asked for it.
    public var boundaries: [Boundary] = []
    /// When each change was made; only where ``CaptureRequest/group`` asked for it and the source knows it better than
    /// ``boundaries`` say.
    public var times: [Timestamp] = []

    public init(tables: [TableSchema], changes: [Change], end: Commit?, byteCount: Int) {
        self.tables = tables
        self.changes = changes
        self.end = end
        self.byteCount = byteCount
    }
}

/// What a source's stream brings, in commit order.
public enum StreamEvent: Sendable {
    case slice(Slice)
    /// Never inside a transaction.
    case schema(SchemaChange)
    /// The source cannot see deletes by itself: the target's keys of these tables are to be compared with the source's.
    /// Never inside a transaction.
    case sweepDue([TableName])
    /// What people should know of the source while the stream goes on, such as a log that fills its disk; `nil` when
    /// there is nothing any more. Replaces what was said before. May come inside a transaction.
    case notice(String?)
}
