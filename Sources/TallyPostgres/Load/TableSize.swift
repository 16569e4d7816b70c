import TallyModel

/// How large tables are, as near as it can be told in little time.
enum TableSize {
    /// Up to here rows are counted where statistics do not tell.
    private static let counted = 1 << 30

    static func bytes(of table: PostgresTable, in connection: PostgresConnection) throws -> Int {
        let size = try connection.query(
            """
            SELECT coalesce(sum(pg_relation_size(relid)), 0)::int8 FROM (
                SELECT relid::oid FROM pg_partition_tree($1::oid) WHERE isleaf UNION SELECT $1::oid) AS part(relid)
            """,
            [.integer(table.oid)]
        )
        return size.integer(0, 0) ?? 0
    }

    static func rowCount(of table: PostgresTable, in connection: PostgresConnection) throws -> Int {
        let bytes = try bytes(of: table, in: connection)
        let isSmall = bytes < 64 << 20
        if !isSmall, let rows = table.estimatedRows, table.pages > 0 {
            // Rows a page at the time of the statistics, times the pages of today, as the planner has it.
            return Int(Double(rows) * Double(bytes) / Double(table.pages * 8192))
        }
        if bytes < counted {
            return try connection.query("SELECT count(*) FROM \(table.rowsSQL)").integer(0, 0) ?? 0
        }
        let sampled = try connection.query(
            "SELECT count(*) * 100 FROM \(table.rowsSQL) TABLESAMPLE SYSTEM (1) REPEATABLE (0)"
        )
        return sampled.integer(0, 0) ?? 0
    }
}
