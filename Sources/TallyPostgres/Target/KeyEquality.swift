import TallyModel

/// Columns of keys that take texts for equal whose bytes differ.
enum KeyEquality {
    /// By the columns' names, what says so.
    static func collations(of table: TableSchema, in connection: PostgresConnection) throws -> [String: String] {
        let result = try connection.query(
            """
            SELECT a.attname, CASE WHEN co.collisdeterministic IS FALSE THEN 'collation ' || co.collname ELSE 'type citext' END
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type base ON base.oid = t.typbasetype
            LEFT JOIN pg_collation co ON co.oid = a.attcollation
            WHERE a.attrelid = to_regclass($1) AND a.attnum > 0
                AND (co.collisdeterministic IS FALSE OR 'citext' IN (t.typname, base.typname))
            """,
            [.text(table.name.postgresSQL)]
        )
        let key = Set(table.keyColumns.map(\.name))
        var found: [String: String] = [:]
        for row in 0..<result.rowCount {
            guard let name = result.text(row, 0), let what = result.text(row, 1), key.contains(name) else { continue }
            found[name] = what
        }
        return found
    }
}
