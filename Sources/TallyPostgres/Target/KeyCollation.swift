import TallyModel

/// How the source orders texts in a key, in the words of the target.
enum KeyCollation {
    /// One `COLLATE` clause for each column of the key; empty where values have one order only.
    ///
    /// - Throws: ``StoreError`` with `incompatibleSchema` where the target does not know the source's order.
    static func clauses(
        for schema: TableSchema,
        _ writer: TableWriter,
        in target: TargetConnection
    ) throws -> [String] {
        try zip(schema.keyColumns, writer.statements.key).map { column, part in
            guard writer.statements.fields[part.field].isCollatable else { return "" }
            guard schema.definition?.kind == "postgres" else {
                // SQLite and all that is known by its bytes.
                guard ["BINARY", nil].contains(column.collation?.uppercased()) else { throw unknown(column, schema) }
                return " COLLATE \"C\""
            }
            guard let collation = column.collation else {
                // The source's default, which is not that of bytes: those are named.
                let place = writer.target.schema.column(named: column.name)
                let held = place.flatMap { writer.target.schema.columns[$0].collation }
                guard held != "\"C\"" else { throw unknown(column, schema) }
                return " COLLATE \"default\""
            }
            let known = try target.run([Command("SELECT to_regcollation($1) IS NOT NULL", [.text(collation)])])
            guard known[0].flag(0, 0) else { throw unknown(column, schema) }
            return " COLLATE \(collation)"
        }
    }

    private static func unknown(_ column: Column, _ schema: TableSchema) -> StoreError {
        let order = column.collation.map { "the collation \($0)" } ?? "its database's default collation"
        return StoreError(
            .incompatibleSchema,
            "the key's column \(column.name) is ordered by \(order) in the source, which the target does not know, so that "
                + "ranges of keys cannot be compared: empty the target's table, and load it again",
            table: schema.name
        )
    }
}
