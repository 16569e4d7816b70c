/// Compares tables of two PostgreSQL databases row by row, in the texts that `psql` shows.
package struct PostgresComparison {
    package var source: PostgresDatabase
    package var target: PostgresDatabase

    package init(_ source: PostgresDatabase, _ target: PostgresDatabase) {
        self.source = source
        self.target = target
    }

    /// Insists that every row of every table of the source, or of those named, is in the target, as often and exactly
    /// as it is in the source, and that the target has no others.
    ///
    /// - Throws: ``Disagreement``, with the first rows that differ.
    package func requireAgreement(in tables: [String]? = nil) async throws {
        let tables = if let tables { tables } else { try await source.tables() }
        var found: [String] = tables.isEmpty ? ["the source has no tables"] : []
        for table in tables {
            found += try await differences(in: table).map { "\(table): \($0)" }
        }
        if !found.isEmpty { throw Disagreement(description: found.joined(separator: "\n")) }
    }

    private func differences(in table: String) async throws -> [String] {
        let columns = try await columns(of: table, in: source)
        let others = try await self.columns(of: table, in: target)
        guard columns == others else { return ["columns \(columns) against \(others)"] }
        // By a sum over all rows in order; the rows themselves are fetched only where the sums differ.
        let row = "ROW(\(columns.joined(separator: ", ")))::text"
        let sum =
            "SELECT count(*), md5(string_agg(md5(r), '' ORDER BY r COLLATE \"C\")) FROM (SELECT \(row) AS r FROM \(table)) AS x"
        let (here, there) = (try await source.psql(sum), try await target.psql(sum))
        if here == there { return [] }
        // Row counts, so that rows which are there twice count twice.
        let query = "SELECT r, count(*) FROM (SELECT \(row) AS r FROM \(table)) AS x GROUP BY r"
        let rows = Set(try await source.lines(query))
        let otherRows = Set(try await target.lines(query))
        let onlyHere = rows.subtracting(otherRows).sorted().prefix(5).map { "only in the source: \($0.prefix(300))" }
        let onlyThere = otherRows.subtracting(rows).sorted().prefix(5).map { "only in the target: \($0.prefix(300))" }
        return onlyHere + onlyThere
    }

    private func columns(of table: String, in database: PostgresDatabase) async throws -> [String] {
        try await database.lines(
            """
            SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = to_regclass('\(table.replacing("'", with: "''"))')
            AND attnum > 0 AND NOT attisdropped ORDER BY 1
            """
        )
    }
}
