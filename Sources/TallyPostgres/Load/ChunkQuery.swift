import TallyModel

/// The statements that read a table in key order, a chunk at a time.
struct ChunkQuery {
    let table: PostgresTable
    let format: CopyFormat

    init(_ table: PostgresTable) {
        self.table = table
        format = table.hasBinaryForm ? .binary : .text
    }

    /// Reads up to `count` rows from the beginning of `range`.
    ///
    /// - Throws: ``StoreError`` with code `unsupported` for a range that no key of the table can bound.
    func copy(_ range: KeyRange, count: Int) throws -> String {
        let columns = table.columns.map(\.name.postgresIdentifier).joined(separator: ", ")
        let key = keyColumns.map(\.name.postgresIdentifier).joined(separator: ", ")
        var conditions: [String] = []
        if let lower = range.lower { conditions.append("(\(key)) > (\(try literals(lower)))") }
        if let upper = range.upper { conditions.append("(\(key)) <= (\(try literals(upper)))") }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return """
            COPY (SELECT \(columns) FROM \(table.rowsSQL)\(filter) ORDER BY \(key) LIMIT \(count)) \
            TO STDOUT (FORMAT \(format.rawValue))
            """
    }

    private var keyColumns: [PostgresColumn] { table.schema.key.map { table.columns[$0] } }

    private func literals(_ key: Row) throws -> String {
        guard key.values.count == keyColumns.count else { throw unbounded }
        return try zip(keyColumns, key.values).map { column, value in
            guard let value else { throw unbounded }
            var writer = ByteWriter(capacity: 64)
            do {
                try ValueEncoding.appendText(value, as: column.shape, to: &writer)
            } catch {
                throw unbounded
            }
            let text = writer.withBytes { String(decoding: $0, as: UTF8.self) }
            return "\(text.postgresLiteral)::\(column.typeName)"
        }.joined(separator: ", ")
    }

    private var unbounded: StoreError {
        StoreError(
            .unsupported,
            "the load stood at a key that the table's key columns cannot hold: their types have changed",
            remedy: .beginAgain,
            table: table.name
        )
    }

    /// One column: whether the table of this name still is the one and has the columns that were read, in one text.
    ///
    /// Read after the rows: what changed before they were read shows.
    static let structure = """
        SELECT c.oid::text || ':' || coalesce(string_agg(
            a.attname || ' ' || a.atttypid || ' ' || a.atttypmod, ',' ORDER BY a.attnum), '')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        WHERE n.nspname = $1 AND c.relname = $2 GROUP BY c.oid
        """

    /// What ``structure`` gives while the table is as known.
    var expectedStructure: String {
        "\(table.oid):"
            + table.columns.map { "\($0.name) \($0.type) \($0.typeModifier)" }.joined(separator: ",")
    }
}
