/// A constraint of a target that keeps a change from being applied, and what the change meets there.
public struct Violation: Sendable, Hashable {
    /// What the constraint asks of rows.
    public enum Kind: String, Sendable, Hashable {
        /// That no other row has the same values: a primary key, a unique constraint or index, an exclusion constraint.
        case unique
        /// That a row is there which another one names.
        case foreignKey
        case check
        case notNull
        /// Anything else that is about the row: a value that its column cannot hold, an error raised by a trigger.
        case other
    }

    public var kind: Kind
    /// The constraint's name, or that of its index, where the store gives it one.
    public var constraint: String?
    /// The names of the columns that the constraint is about, as the slice's table has them; empty where it is about an
    /// expression or is not known. Columns beside an expression are named; one of which `lower` or `upper` is taken counts as
    /// a column.
    public var columns: [String]
    /// With `unique`, how texts are compared in each of ``columns``, where rows clash just where they hold the same there;
    /// `nil` where it depends on more: an expression, a condition, a collation of its own.
    public var foldings: [TextFolding]?
    /// With `unique`, the keys of the rows that hold the values already, in the order of the key of the slice's table;
    /// empty where they are not known.
    public var obstacles: [Row]
    /// Why, in the store's words, without values.
    public var reason: String

    public init(
        _ kind: Kind,
        constraint: String? = nil,
        columns: [String] = [],
        obstacles: [Row] = [],
        reason: String
    ) {
        self.kind = kind
        self.constraint = constraint
        self.columns = columns
        self.obstacles = obstacles
        self.reason = reason
    }
}

/// Two rows that hold what only one of them may, by a constraint that the target did not look at when they were written.
public struct Duplicate: Sendable, Hashable {
    /// The table that they are in, as the slice names it.
    public var table: TableName
    /// The keys of a row that was written and of the other one, in the order of the key of the slice's table.
    public var keys: [Row]
    /// The constraint's name.
    public var constraint: String
    /// The columns that it is about, as the slice's table has them; see ``Violation/columns``.
    public var columns: [String]
    /// See ``Violation/foldings``.
    public var foldings: [TextFolding]?

    public init(table: TableName, keys: [Row], constraint: String, columns: [String], foldings: [TextFolding]?) {
        self.table = table
        self.keys = keys
        self.constraint = constraint
        self.columns = columns
        self.foldings = foldings
    }
}

/// A row with a foreign key that names a row which is not there.
///
/// A foreign key with a NULL in any of its columns names none.
public struct Orphan: Sendable, Hashable {
    /// The table that the row is in, as the target names it.
    public var table: TableName
    /// The row's key, in the order of the key of the target's table.
    public var key: Row
    /// The foreign key's name, where the store gives it one.
    public var constraint: String?
    /// The columns of the foreign key, as the target names them.
    public var columns: [String]
    /// The table that the foreign key refers to, as the target names it.
    public var parent: TableName
    /// The columns that are referred to, one for each of ``columns``.
    public var parentColumns: [String]
    /// What the row has in ``columns``.
    public var values: Row
    /// The key, in the order of the key of the slice's table, of the row that had those values before the transaction; `nil`
    /// where that is not known.
    public var former: Row?

    public init(
        table: TableName,
        key: Row,
        constraint: String? = nil,
        columns: [String],
        parent: TableName,
        parentColumns: [String],
        values: Row,
        former: Row? = nil
    ) {
        self.former = former
        self.table = table
        self.key = key
        self.constraint = constraint
        self.columns = columns
        self.parent = parent
        self.parentColumns = parentColumns
        self.values = values
    }
}
