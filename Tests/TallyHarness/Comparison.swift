/// Two files differ.
package struct Disagreement: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Compares tables of two files row by row, with exact storage classes, by the `sqlite3` command alone.
package struct Comparison {
    package var source: SQLiteShell
    package var target: SQLiteShell

    package init(_ source: SQLiteShell, _ target: SQLiteShell) {
        self.source = source
        self.target = target
    }

    /// Insists that every row of every table of the source is in the target, as often and exactly as it is in the
    /// source, and that the target has no others.
    ///
    /// - Throws: ``Disagreement``, with the first rows that differ.
    package func requireAgreement() async throws {
        let found = try await differences()
        if !found.isEmpty { throw Disagreement(description: found.joined(separator: "\n")) }
    }

    private func differences() async throws -> [String] {
        let tables = try await source.tables()
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
        try await shell.lines(
            "SELECT name FROM pragma_table_xinfo('\(table.replacing("'", with: "''"))') ORDER BY name;"
        )
    }

    /// Both directions of a difference of multisets. Text goes as hexadecimal, so that what is no valid text and what
    /// only a collation holds equal is compared byte by byte.
    private func script(for table: String, columns: [String]) -> String {
        let name = quoted(table)
        let row =
            columns.map(quoted)
            .map { "typeof(\($0)) || iif(typeof(\($0)) IN ('text', 'blob'), hex(\($0)), quote(\($0)))" }
            .joined(separator: " || ',' || ")
        let here = "SELECT \(row) AS r, count(*) FROM main.\(name) GROUP BY 1"
        let there = "SELECT \(row) AS r, count(*) FROM other.\(name) GROUP BY 1"
        func extra(_ one: String, _ other: String, _ words: String) -> String {
            "SELECT '\(words): ' || substr(r, 1, 300) FROM (\(one) EXCEPT \(other) LIMIT 5);"
        }
        return """
            ATTACH '\(target.path)' AS other;
            \(extra(here, there, "only in the source"))
            \(extra(there, here, "only in the target"))
            """
    }

    private func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}
