import TallyModel

/// Divides a table into parts that are worth loading side by side.
enum RangePlan {
    /// More parts than are read at once: the parts of a table that grew since its statistics are not of equal size.
    private static let parts = 4
    /// Below this a table is done before a second connection is open.
    private static let leastBytes = 32 << 20

    static func ranges(of table: PostgresTable, in connection: PostgresConnection) throws -> [KeyRange] {
        guard table.schema.key.count == 1, try TableSize.bytes(of: table, in: connection) >= leastBytes else {
            return [.all]
        }
        let column = table.columns[table.schema.key[0]]
        return between(try bounds(of: table, column, connection))
    }

    /// The ranges that end at `bounds`, and one after them.
    static func between(_ bounds: [Value]) -> [KeyRange] {
        var ranges: [KeyRange] = []
        var lower: Row?
        for bound in bounds {
            let upper = Row([bound])
            guard upper != lower else { continue }
            ranges.append(KeyRange(lower: lower, upper: upper))
            lower = upper
        }
        return ranges + [KeyRange(lower: lower)]
    }

    private static func bounds(
        of table: PostgresTable,
        _ column: PostgresColumn,
        _ connection: PostgresConnection
    ) throws -> [Value] {
        if [.int2, .int4, .int8].contains(column.shape) {
            let histogram = try histogram(of: table, column, connection)
            return try histogram.count > parts ? histogram : spread(of: table, column, connection)
        }
        return try histogram(of: table, column, connection)
    }

    /// Quantiles from the planner's statistics, in the column's own order.
    private static func histogram(
        of table: PostgresTable,
        _ column: PostgresColumn,
        _ connection: PostgresConnection
    ) throws -> [Value] {
        let result = try connection.query(
            """
            WITH bounds AS (
                SELECT bound, place, count(*) OVER () AS total
                FROM pg_stats, unnest(histogram_bounds::text::text[]) WITH ORDINALITY AS bounds(bound, place)
                WHERE schemaname = $1 AND tablename = $2 AND attname = $3 AND inherited = $4::bool
            )
            SELECT bound FROM bounds
            WHERE total > 4 * $5::int8 AND place IN (
                SELECT 1 + part * (total - 1) / $5::int8 FROM generate_series(1, $5::int8 - 1) AS part)
            ORDER BY place
            """,
            [
                .text(table.name.schema ?? TableName.postgresDefaultSchema), .text(table.name.name),
                .text(column.name), .text(table.isPartitioned ? "t" : "f"), .integer(parts),
            ]
        )
        return try values(of: result, column)
    }

    /// Equal steps between the lowest and the highest key.
    private static func spread(
        of table: PostgresTable,
        _ column: PostgresColumn,
        _ connection: PostgresConnection
    ) throws -> [Value] {
        let name = column.name.postgresIdentifier
        let result = try connection.query(
            """
            SELECT (low + (high - low) * part / $1::numeric)::int8
            FROM (SELECT min(\(name))::numeric AS low, max(\(name))::numeric AS high FROM \(table.rowsSQL)) AS ends,
                generate_series(1, $1::int8 - 1) AS part
            WHERE low IS NOT NULL ORDER BY part
            """,
            [.integer(parts)]
        )
        return try values(of: result, column)
    }

    private static func values(of result: QueryResult, _ column: PostgresColumn) throws -> [Value] {
        try (0..<result.rowCount).map { row in
            try result.withBytes(row, 0) {
                try ValueDecoding.decodeText($0, as: column.shape, typeName: column.typeName)
            }
        }
    }
}
