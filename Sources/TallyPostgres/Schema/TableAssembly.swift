import TallyModel

/// Puts together what the catalog says of one table.
struct TableAssembly {
    struct Relation {
        var oid: UInt32
        var name: TableName
        var isPartitioned: Bool
        var isUnlogged: Bool
        var identity: PostgresTable.ReplicaIdentity
        var estimatedRows: Int?
        var pages: Int
    }

    struct ColumnEntry {
        var number: Int16
        var name: String
        var type: UInt32
        var typeModifier: Int32
        var typeName: String
        var isNotNull: Bool
        var defaultExpression: String?
        var collation: String?
        var isGenerated: Bool
        var isDropped: Bool
    }

    private let relation: Relation
    private let columns: [ColumnEntry]
    private let dropped: [PostgresTable.DroppedColumn]
    private let indexes: [KeyChoice.Index]
    private let shapes: TypeShapes
    private let version: Int
    private let blueprint: TableBlueprint?

    init(
        relation: Relation,
        columns: [ColumnEntry],
        indexes: [KeyChoice.Index],
        shapes: TypeShapes,
        version: Int,
        blueprint: TableBlueprint?
    ) {
        self.relation = relation
        // Generated columns are computed anew wherever the table is made.
        self.columns = columns.filter { !$0.isGenerated && !$0.isDropped }
        dropped = columns.filter(\.isDropped).map { .init(number: $0.number, typeModifier: $0.typeModifier) }
        self.indexes = indexes
        self.shapes = shapes
        self.version = version
        self.blueprint = blueprint
    }

    /// The table; `nil` when it has no key.
    var table: PostgresTable? {
        get throws { try assembled() }
    }

    private func assembled() throws -> PostgresTable? {
        let choice = KeyChoice(among: indexes, notNull: notNull, identity: relation.identity)
        guard let index = choice.index else { return nil }
        let key = index.columns.compactMap { number in columns.firstIndex { $0.number == number } }
        guard key.count == index.columns.count else { return nil }
        var blueprint = blueprint
        blueprint?.keyIndex = index.isPrimary ? nil : index.name
        let schema = TableSchema(
            name: relation.name,
            columns: columns.map(column),
            key: key,
            version: version,
            definition: try blueprint?.definition,
            identity: "\(relation.oid)"
        )
        return PostgresTable(
            oid: relation.oid,
            schema: schema,
            columns: columns.map(postgresColumn),
            dropped: dropped,
            replicaIdentity: relation.identity,
            isPartitioned: relation.isPartitioned,
            isUnlogged: relation.isUnlogged,
            keyIndex: PostgresTable.KeyIndex(name: index.name, isPrimary: index.isPrimary),
            estimatedRows: relation.estimatedRows,
            pages: relation.pages,
            hasSecondUnique: choice.hasSecondUnique
        )
    }

    /// What to say of the table where it has no key.
    var keyless: PostgresCatalog.KeylessTable {
        let sql = relation.name.postgresSQL
        let isDeferrable = indexes.contains { $0.isPrimary && !$0.isPlain }
        return PostgresCatalog.KeylessTable(
            name: relation.name,
            message: isDeferrable
                ? "its primary key is deferrable, so that rows may share it for a while; it is left out"
                : "nothing tells its rows apart: it has no primary key and no unique index over columns that are NOT "
                    + "NULL; it is left out",
            remedy: isDeferrable
                ? "CREATE UNIQUE INDEX ON \(sql) (…the key's columns…); ALTER TABLE \(sql) REPLICA IDENTITY USING INDEX …"
                : "ALTER TABLE \(sql) ADD PRIMARY KEY (…); or, where no columns make a key: ALTER TABLE \(sql) "
                    + "ADD COLUMN tally_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        )
    }

    private var notNull: Set<Int16> { Set(columns.filter(\.isNotNull).map(\.number)) }

    private func column(_ entry: ColumnEntry) -> Column {
        Column(
            id: Int(entry.number),
            name: entry.name,
            declaredType: entry.typeName,
            isNullable: !entry.isNotNull,
            defaultExpression: entry.defaultExpression,
            collation: entry.collation
        )
    }

    private func postgresColumn(_ entry: ColumnEntry) -> PostgresColumn {
        PostgresColumn(
            name: entry.name,
            number: entry.number,
            type: entry.type,
            typeModifier: entry.typeModifier,
            typeName: entry.typeName,
            shape: shapes.shape(of: entry.type),
            arrayType: shapes.arrayType(of: entry.type)
        )
    }
}
