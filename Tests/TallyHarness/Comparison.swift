/// Compares tables of two files row by row, with exact storage classes, by the `sqlite3` command alone.
package struct Comparison {
    package var source: SQLiteShell
    package var target: SQLiteShell

    package init(_ source: SQLiteShell, _ target: SQLiteShell) {
        self.source = source
        self.target = target
    }

    /// Where the files differ, in words; empty when every row of every table of the source is in the target, as often
    /// and exactly as it is in the source, and the target has no others.
    package func differences(in chosen: [String]? = nil) async throws -> [String] {
        let tables = if let chosen { chosen } else { try await source.tables() }
        guard !tables.isEmpty else { return ["the source has no tables"] }
        var found: [String] = []
        for table in tables {
            let columns = try await columns(of: table, in: source)
            let targetColumns = try await self.columns(of: table, in: target)
            guard columns == targetColumns else {
                found.append("\(table): columns \(columns) against \(targetColumns)")
                continue
            }
            let lines = try await source.lines(script(for: table, columns: columns))
            found += lines.map { "\(table): \($0)" }
        }
        return found
    }

    private func columns(of table: String, in shell: SQLiteShell) async throws -> [String] {
        try await shell.lines("SELECT name FROM pragma_table_xinfo('\(table.replacing("'", with: "''"))') ORDER BY name;")
    }

    /// Both directions of a difference of multisets. Text goes as hexadecimal, so that what is no valid text and what
    /// only a collation holds equal is compared byte by byte.
    private func script(for table: String, columns: [String]) -> String {
        let name = "\"" + table.replacing("\"", with: "\"\"") + "\""
        let row = columns
            .map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }
            .map { "typeof(\($0)) || CASE typeof(\($0)) WHEN 'text' THEN hex(\($0)) WHEN 'blob' THEN hex(\($0)) ELSE quote(\($0)) END" }
            .joined(separator: " || ',' || ")
        let (here, there) = ("SELECT \(row), count(*) FROM main.\(name) GROUP BY 1", "SELECT \(row), count(*) FROM other.\(name) GROUP BY 1")
        return """
            ATTACH '\(target.path)' AS other;
            SELECT 'only in the source: ' || substr(r, 1, 300) FROM (SELECT * FROM (\(here)) EXCEPT SELECT * FROM (\(there)) LIMIT 5) AS d(r, n);
            SELECT 'only in the target: ' || substr(r, 1, 300) FROM (SELECT * FROM (\(there)) EXCEPT SELECT * FROM (\(here)) LIMIT 5) AS d(r, n);
            """
    }
}
