public import TallyModel

/// What one transaction did to one row.
public struct RowWrite: Sendable, Hashable {
    public enum Kind: UInt8, Sendable, Hashable {
        case insert, update, delete
    }

    public var stamp: Stamp
    public var kind: Kind
    /// Ascending by column. An insert names every column it knows, a delete none.
    public var edits: [ColumnEdit]

    /// - Parameter edits: In any order, at most one for each column.
    public init(stamp: Stamp, kind: Kind, edits: [ColumnEdit]) {
        self.stamp = stamp
        self.kind = kind
        let isAscending = zip(edits, edits.dropFirst()).allSatisfy { $0.column < $1.column }
        self.edits = isAscending ? edits : edits.sorted { $0.column < $1.column }
    }

    /// The edit of one column.
    func edit(of column: Int) -> ColumnEdit? {
        // A full insert has its edits where their columns are.
        if column < edits.count, edits[column].column == column { return edits[column] }
        return edits.first { $0.column == column }
    }
}

/// One column of a write: what it held in the author's row, and what the author made of it.
///
/// What that *means* (an assignment, an addition, elements inserted, prose edited) is not recorded: it follows from
/// the two values and the column's policy, so that history can be evaluated again under another policy.
public struct ColumnEdit: Sendable, Hashable {
    /// The number of the column in its table, from 0.
    public var column: Int
    /// Nil when there was no row, or it is not known.
    public var before: Value?
    public var after: Value?

    public init(column: Int, before: Value?, after: Value?) {
        self.column = column
        self.before = before
        self.after = after
    }

    /// Equal to the byte, unlike values: `-0.0` is not `0.0`, a NaN is itself, and text is its UTF-8.
    public static func == (left: ColumnEdit, right: ColumnEdit) -> Bool {
        left.column == right.column && Optional.isIdentical(left.before, right.before)
            && Optional.isIdentical(left.after, right.after)
    }

    public func hash(into hasher: inout Hasher) {
        // What two values that are equal to the byte surely share.
        hasher.combine(column)
        hasher.combine(before?.byteCount)
        hasher.combine(after?.byteCount)
    }
}
