import TallyModel

/// Reads ``ForeignKey`` from the catalog.
struct ForeignKeyReader {
    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) {
        self.connection = connection
    }

    /// The foreign keys that a table has, and those that refer to it.
    ///
    /// Left out are those of tables whose rows no key tells apart, those that hold of periods of time, and those that
    /// are declared `NOT ENFORCED`.
    func foreignKeys(of table: PostgresTable) throws -> [ForeignKey] {
        let result = try connection.query(Self.foreignKeys, [.integer(table.oid)])
        var children: [TableName: PostgresTable?] = [table.name: table]
        var found: [ForeignKey] = []
        for row in 0..<result.rowCount {
            let name = name(result, row, 2)
            let child: PostgresTable?
            if let known = children[name] {
                child = known
            } else {
                child = try PostgresCatalog.table(named: name, in: connection)
                children[name] = child
            }
            guard let child else { continue }
            let key = ForeignKey(
                name: result.text(row, 1) ?? "",
                child: child,
                childRows: result.text(row, 4) ?? "",
                parent: self.name(result, row, 5),
                parentRows: result.text(row, 7) ?? "",
                pairs: try pairs(of: result.oid(row, 0), child)
            )
            found.append(key)
        }
        return found
    }

    private func pairs(of key: UInt32, _ child: PostgresTable) throws -> [ForeignKey.Pair] {
        let result = try connection.query(Self.pairs, [.integer(key)])
        return (0..<result.rowCount).map { row in
            let name = result.text(row, 0) ?? ""
            return ForeignKey.Pair(
                column: child.columns.first { $0.name == name }
                    ?? generated(name, result.oid(row, 3), result.text(row, 4)),
                parent: result.text(row, 1) ?? "",
                parentType: result.text(row, 5) ?? "",
                equals: result.text(row, 2) ?? "=",
                parentEquals: result.text(row, 6) ?? "="
            )
        }
    }

    /// A column that the server computes is none of the table's that Tally knows.
    private func generated(_ name: String, _ type: UInt32, _ typeName: String?) -> PostgresColumn {
        let entry = TypeShapes.Entry(
            name: "",
            kind: "b",
            category: "X",
            base: 0,
            element: 0,
            arrayType: 0,
            length: 0,
            delimiter: ","
        )
        return PostgresColumn(
            name: name,
            number: 0,
            type: type,
            typeName: typeName ?? "",
            shape: TypeShapes([type: entry]).shape(of: type)
        )
    }

    private func name(_ result: QueryResult, _ row: Int, _ column: Int) -> TableName {
        let schema = result.text(row, column)
        return TableName(
            result.text(row, column + 1) ?? "",
            schema: schema == TableName.postgresDefaultSchema ? nil : schema
        )
    }

    // MARK: Statements

    /// One with a parent is what the server made of it for a partition, of either table.
    private static let foreignKeys = """
        SELECT c.oid, c.conname, cn.nspname, cr.relname,
            CASE ch.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || quote_ident(chn.nspname) || '.' || quote_ident(ch.relname),
            pn.nspname, pr.relname,
            CASE pa.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || quote_ident(pan.nspname) || '.' || quote_ident(pa.relname)
        FROM pg_constraint c
        JOIN pg_class ch ON ch.oid = c.conrelid JOIN pg_namespace chn ON chn.oid = ch.relnamespace
        JOIN pg_class pa ON pa.oid = c.confrelid JOIN pg_namespace pan ON pan.oid = pa.relnamespace
        JOIN pg_class cr ON cr.oid = coalesce(pg_partition_root(ch.oid), ch.oid)
        JOIN pg_namespace cn ON cn.oid = cr.relnamespace
        JOIN pg_class pr ON pr.oid = coalesce(pg_partition_root(pa.oid), pa.oid)
        JOIN pg_namespace pn ON pn.oid = pr.relnamespace
        WHERE c.contype = 'f' AND c.conparentid = 0 AND $1 IN (cr.oid, pr.oid)
            AND to_jsonb(c) ->> 'conenforced' IS DISTINCT FROM 'false'
            AND to_jsonb(c) ->> 'conperiod' IS DISTINCT FROM 'true'
        ORDER BY cn.nspname, cr.relname, c.conname, c.oid
        """

    private static let pairs = """
        SELECT a.attname, p.attname, 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')',
            a.atttypid, format_type(a.atttypid, a.atttypmod), format_type(p.atttypid, NULL),
            'OPERATOR(' || quote_ident(pn.nspname) || '.' || po.oprname || ')'
        FROM pg_constraint c
        CROSS JOIN LATERAL unnest(c.conkey, c.confkey, c.conpfeqop, c.conppeqop)
            WITH ORDINALITY AS k(child, parent, operator, parentoperator, place)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.child
        JOIN pg_attribute p ON p.attrelid = c.confrelid AND p.attnum = k.parent
        JOIN pg_operator o ON o.oid = k.operator JOIN pg_namespace n ON n.oid = o.oprnamespace
        JOIN pg_operator po ON po.oid = k.parentoperator JOIN pg_namespace pn ON pn.oid = po.oprnamespace
        WHERE c.oid = $1 ORDER BY k.place
        """
}
