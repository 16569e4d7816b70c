import TallyModel

/// What the catalog says now of tables that are or should be captured, beside ``PostgresCatalog``.
struct CapturedCatalog {
    let tables: [TableName: PostgresTable]
    /// Columns in the order of captured rows, by relation: partitions too.
    private var columns: [UInt32: [(number: Int16, name: String)]] = [:]
    private var leaves: [UInt32: [UInt32]] = [:]
    private var occupied: Set<UInt32> = []
    private(set) var triggers: [UInt32: String] = [:]
    private(set) var bodies: [UInt32: String] = [:]
    private(set) var owned: Set<UInt32> = []

    init(wanted: (TableName) -> Bool, known: [UInt32], in connection: PostgresConnection) throws {
        let catalog = try PostgresCatalog.read(in: connection)
        tables = Dictionary(uniqueKeysWithValues: catalog.tables.filter { wanted($0.name) }.map { ($0.name, $0) })
        let relations = Parameter.oids(Array(Set(tables.values.map(\.oid) + known)))
        let partitions = try connection.query(
            """
            SELECT c.oid, t.relid::oid, pg_relation_size(t.relid) > 0
            FROM pg_class c CROSS JOIN LATERAL pg_partition_tree(c.oid) t
            WHERE c.oid = ANY($1) AND c.relkind = 'p' AND t.isleaf AND t.relid <> c.oid ORDER BY t.relid
            """,
            [relations]
        )
        for row in 0..<partitions.rowCount {
            let leaf = partitions.oid(row, 1)
            leaves[partitions.oid(row, 0), default: []].append(leaf)
            if partitions.flag(row, 2) { occupied.insert(leaf) }
        }
        let attributes = try connection.query(
            """
            SELECT attrelid, attnum, attname FROM pg_attribute
            WHERE attrelid = ANY($1) AND attnum > 0 AND NOT attisdropped ORDER BY attrelid, attnum
            """,
            [.oids(Array(Set(tables.values.map(\.oid) + leaves.values.flatMap { $0 })))]
        )
        for row in 0..<attributes.rowCount {
            columns[attributes.oid(row, 0), default: []]
                .append((Int16(attributes.integer(row, 1) ?? 0), attributes.text(row, 2) ?? ""))
        }
        try readTriggers(relations, connection)
    }

    private mutating func readTriggers(_ relations: Parameter, _ connection: PostgresConnection) throws {
        let found = try connection.query(
            """
            SELECT c.oid, pg_has_role(c.relowner, 'MEMBER'), f.prosrc,
                (SELECT string_agg(concat_ws(':', t.oid, t.tgenabled, t.xmin), ',' ORDER BY t.tgname)
                 FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname IN ('tally_bell', 'tally_rows', 'tally_truncate'))
            FROM pg_class c LEFT JOIN pg_proc f
                ON f.pronamespace = to_regnamespace('tally') AND f.proname = 'capture_' || c.oid
            WHERE c.oid = ANY($1)
            """,
            [relations]
        )
        for row in 0..<found.rowCount {
            let relation = found.oid(row, 0)
            if found.flag(row, 1) { owned.insert(relation) }
            bodies[relation] = found.text(row, 2)
            triggers[relation] = found.text(row, 3)
        }
    }

    /// The shape that rows of the table have now; its number, place and triggers are still to be given.
    func shape(of table: PostgresTable) -> Shape {
        let own = columns[table.oid] ?? []
        let numbers = Dictionary(own.map { ($0.name, $0.number) }) { first, _ in first }
        var shape = Shape(id: 0, table: table, fields: own.map(\.number))
        shape.partitions = leaves[table.oid] ?? []
        for leaf in shape.partitions {
            // A partition has every column of its table, by name.
            let fields = (columns[leaf] ?? []).compactMap { numbers[$0.name] }
            if fields != shape.fields { shape.partitionFields[leaf] = fields }
        }
        return shape
    }

    /// Whether the partition holds rows, which may have been in it before it was one.
    func isOccupied(_ partition: UInt32) -> Bool { occupied.contains(partition) }
}
