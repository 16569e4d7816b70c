import TallyModel

/// A table of the target, with all that decides how rows are written to it.
struct TargetTable: Sendable {
    struct ColumnFacts: Sendable {
        /// `GENERATED ALWAYS AS IDENTITY`: the server takes values with new rows and never in an update.
        var isAlwaysIdentity: Bool
        var hasDefault: Bool
        var isCollatable: Bool
        /// What numbers the column's rows.
        var sequence: TargetSequence?
    }

    /// A unique index that can tell rows apart: over whole columns of all rows, checked with each row.
    struct UniqueIndex: Sendable {
        var name: String
        /// Column numbers.
        var columns: [Int16]
        /// For each column the operator that says whether values are equal, with its schema.
        var operators: [String]
        /// Over columns of which one may be NULL.
        var isNullable: Bool
    }

    var table: PostgresTable
    /// By column number.
    var facts: [Int16: ColumnFacts]
    var generatedColumns: [String]
    var uniqueIndexes: [UniqueIndex]
    /// Unique and exclusion constraints of any form.
    var constraintCount: Int
    /// Tables whose foreign keys point here, this one left out, by object identifier.
    var referencing: [UInt32]
    /// Whether the table or one of its partitions has a foreign key, or one refers to it.
    var hasForeignKeys: Bool
    /// Users' triggers that fire for ordinary writes.
    var triggers: [String]
    /// Users' triggers that fire for writes with `session_replication_role = replica`.
    var replicaTriggers: [String]
    var missingRights: [String]
    /// Whether policies decide about rows of this user.
    var hasPolicies: Bool

    var schema: TableSchema { table.schema }
}

/// Reads ``TargetTable`` from the catalog.
struct TargetTableReader {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// - Returns: `nil` when there is no such table, or none whose rows a key tells apart.
    func table(_ name: TableName) throws -> TargetTable? {
        guard let table = try PostgresCatalog.table(named: name, in: connection) else { return nil }
        return try connection.withCatalogSnapshot {
            let (facts, generated) = try columns(of: table.oid)
            let relation = try connection.query(Self.relation, [.integer(table.oid)])
            guard relation.rowCount == 1 else { return nil }
            return TargetTable(
                table: table,
                facts: facts,
                generatedColumns: generated,
                uniqueIndexes: try uniqueIndexes(of: table.oid),
                constraintCount: relation.integer(0, 0) ?? 0,
                referencing: relation.numbers(0, 1).map { UInt32($0) },
                hasForeignKeys: relation.flag(0, 2),
                triggers: try triggers(of: table.oid, enabled: "OA"),
                replicaTriggers: try triggers(of: table.oid, enabled: "RA"),
                missingRights: (relation.text(0, 3) ?? "").split(separator: ",").map { String($0) },
                hasPolicies: relation.flag(0, 4)
            )
        }
    }

    private func columns(of oid: UInt32) throws -> ([Int16: TargetTable.ColumnFacts], generated: [String]) {
        let result = try connection.query(Self.columns, [.integer(oid)])
        var facts: [Int16: TargetTable.ColumnFacts] = [:]
        var generated: [String] = []
        for row in 0..<result.rowCount {
            if result.flag(row, 4) { generated.append(result.text(row, 5) ?? "") }
            facts[Int16(clamping: result.integer(row, 0) ?? 0)] = TargetTable.ColumnFacts(
                isAlwaysIdentity: result.flag(row, 1),
                hasDefault: result.flag(row, 2),
                isCollatable: result.flag(row, 6),
                sequence: result.text(row, 3).map(TargetSequence.init)
            )
        }
        return (facts, generated)
    }

    private func uniqueIndexes(of oid: UInt32) throws -> [TargetTable.UniqueIndex] {
        let result = try connection.query(Self.indexes, [.integer(oid)])
        var indexes: [TargetTable.UniqueIndex] = []
        for row in 0..<result.rowCount {
            let name = result.text(row, 0) ?? ""
            if indexes.last?.name != name {
                indexes.append(TargetTable.UniqueIndex(name: name, columns: [], operators: [], isNullable: false))
            }
            let last = indexes.count - 1
            indexes[last].columns.append(Int16(clamping: result.integer(row, 1) ?? 0))
            indexes[last].operators.append(result.text(row, 2) ?? "=")
            indexes[last].isNullable = indexes[last].isNullable || !result.flag(row, 3)
        }
        return indexes
    }

    private func triggers(of oid: UInt32, enabled: String) throws -> [String] {
        let result = try connection.query(
            """
            SELECT tgname FROM pg_trigger
            WHERE tgrelid = $1 AND NOT tgisinternal AND strpos($2, tgenabled::text) > 0 ORDER BY tgname
            """,
            [.integer(oid), .text(enabled)]
        )
        return (0..<result.rowCount).compactMap { result.text($0, 0) }
    }

    // MARK: Statements

    private static let columns = """
        SELECT a.attnum, a.attidentity = 'a', a.atthasdef OR a.attidentity <> '', (
            SELECT quote_ident(n.nspname) || '.' || quote_ident(s.relname)
            FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace
            WHERE s.relkind = 'S' AND s.oid IN (
                SELECT d.objid FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                    AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
                UNION ALL
                SELECT d.refobjid FROM pg_attrdef e JOIN pg_depend d
                    ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass
                WHERE e.adrelid = a.attrelid AND e.adnum = a.attnum
            ) LIMIT 1
        ), a.attgenerated <> '', a.attname, a.attcollation <> 0
        FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """

    /// One row for each column of each index. Strategy 3 of a B-tree's operator family is equality.
    private static let indexes = """
        SELECT x.relname, k.number, (
            SELECT 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')'
            FROM pg_opclass c JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3
                AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
            JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
            WHERE c.oid = k.class
        ), a.attnotnull
        FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
        CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS k(number, class, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indrelid = $1 AND i.indisunique AND i.indisvalid AND i.indislive AND i.indimmediate
            AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts
        ORDER BY i.indisprimary DESC, x.relname, k.place
        """

    private static let relation = """
        SELECT (SELECT count(*) FROM pg_index WHERE indrelid = c.oid AND indislive AND (indisunique OR indisexclusion)),
            (SELECT string_agg(DISTINCT conrelid::text, ',') FROM pg_constraint
                WHERE confrelid = c.oid AND contype = 'f' AND conrelid <> c.oid),
            EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND (c.oid IN (conrelid, confrelid)
                OR c.relkind = 'p' AND c.oid IN (pg_partition_root(conrelid), pg_partition_root(confrelid)))),
            concat_ws(',',
                CASE WHEN NOT has_table_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
                CASE WHEN NOT has_table_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
                CASE WHEN NOT has_table_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
                CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END,
                CASE WHEN NOT has_table_privilege(c.oid, 'TRUNCATE') THEN 'TRUNCATE' END),
            row_security_active(c.oid)
        FROM pg_class c WHERE c.oid = $1
        """
}
