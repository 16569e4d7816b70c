/// A table as its store describes it at one moment.
public struct TableSchema: Sendable, Hashable, Codable {
    public var name: TableName
    /// The columns, in the order in which rows of this schema carry their values.
    public var columns: [Column]
    /// The places in ``columns`` of the key, in key order. Never empty: a table that declares no key is identified by
    /// a hidden column where its store has one (SQLite's rowid), and is left out where it has none.
    public var key: [Int]
    /// Grows with every change of the table's structure; two schemas of one table with equal versions are equal.
    public var version: Int
    /// How the table's own kind of store would make it again, where that is known.
    public var definition: NativeDefinition?
    /// What the store knows the table by whatever it is called, where it has such a thing (PostgreSQL's oid): another
    /// table under the same name has another.
    public var identity: String?
    /// The parts that hold the rows, where the store has rows come and go with a whole part unseen (PostgreSQL's
    /// partitions, captured by log); `nil` where it does not say.
    public var partitions: Partitions?

    public init(
        name: TableName,
        columns: [Column],
        key: [Int],
        version: Int = 1,
        definition: NativeDefinition? = nil,
        identity: String? = nil,
        partitions: Partitions? = nil
    ) {
        self.name = name
        self.columns = columns
        self.key = key
        self.version = version
        self.definition = definition
        self.identity = identity
        self.partitions = partitions
    }

    /// Why the table's rows are not what captured changes make of them since it was `former`; `nil` where they are, or
    /// where nobody can know.
    public func unseenChange(since former: TableSchema) -> String? {
        guard let partitions, let theirs = former.partitions else { return nil }
        return partitions.unseenChange(since: theirs)
    }

    /// Whether this is certainly not the same table as `other`, although it may be called so.
    public func isAnother(than other: TableSchema) -> Bool {
        guard let identity, let theirs = other.identity else { return false }
        return identity != theirs
    }

    public func column(named name: String) -> Int? {
        columns.firstIndex { $0.name == name }
    }

    /// The columns that make the key, in key order.
    public var keyColumns: [Column] { key.map { columns[$0] } }

    /// Whether rows are identified by a column that no user declared.
    public var hasImplicitKey: Bool { key.contains { columns[$0].isHidden } }
}

/// One column of a table.
public struct Column: Sendable, Hashable, Codable {
    /// Stays the same when the column is renamed, and is never given to another column of the table.
    public var id: Int
    public var name: String
    /// The type as declared, in the store's own words; empty where none is declared.
    public var declaredType: String
    public var isNullable: Bool
    /// The default, as an SQL expression of the column's own kind of store.
    public var defaultExpression: String?
    /// The collation that decides order and equality, where it is not the store's default.
    public var collation: String?
    /// Whether the store computes the value; such a column is captured, and written only where the target does not
    /// compute it too.
    public var isGenerated: Bool
    /// Whether the column belongs to the store's own book-keeping and no user declared it (SQLite's rowid).
    public var isHidden: Bool

    public init(
        id: Int,
        name: String,
        declaredType: String = "",
        isNullable: Bool = true,
        defaultExpression: String? = nil,
        collation: String? = nil,
        isGenerated: Bool = false,
        isHidden: Bool = false
    ) {
        self.id = id
        self.name = name
        self.declaredType = declaredType
        self.isNullable = isNullable
        self.defaultExpression = defaultExpression
        self.collation = collation
        self.isGenerated = isGenerated
        self.isHidden = isHidden
    }
}

/// The statements that make a table in its own kind of store.
public struct NativeDefinition: Sendable, Hashable, Codable {
    /// The kind of store that understands the statements: `sqlite`, `postgres`.
    public var kind: String
    /// Makes the table itself.
    public var table: String
    /// Makes what can follow once rows are in: indexes.
    public var afterLoad: [String]
    /// Columns that have another name by now: from the name in the statements to the table's.
    public var renames: [String: String]
    /// Columns of the statements that the table does not have, by their names there.
    public var removed: [String]
    /// Columns of the table whose values come from elsewhere than the statements say, by their names in the table.
    public var computed: [String]

    public init(
        kind: String,
        table: String,
        afterLoad: [String] = [],
        renames: [String: String] = [:],
        removed: [String] = [],
        computed: [String] = []
    ) {
        self.kind = kind
        self.table = table
        self.afterLoad = afterLoad
        self.renames = renames
        self.removed = removed
        self.computed = computed
    }
}
