import TallyModel

/// What there is to say about polling the tables of one snapshot.
struct PolledFindings {
    let request: CaptureRequest
    let connection: PostgresConnection

    private var rule: CursorRule { CursorRule(request.capture) }

    func all() throws -> [Finding] {
        let catalog = try PostgresCatalog.read(in: connection, detail: .structure)
        let selected = catalog.tables.filter { request.tables.contains($0.name) }
        var findings = request.tables.unmatched(in: catalog.tables.map(\.name) + catalog.keyless.map(\.name)).map {
            Finding(.error, "\(connection.label): no table matches \($0)", remedy: "correct the name in `tables`")
        }
        if selected.isEmpty {
            findings.append(
                Finding(.error, "\(connection.label): no table is selected", remedy: "name some in `tables`")
            )
        }
        findings += catalog.keyless.filter { request.tables.contains($0.name) }.map(\.finding)
        findings += aboutDeletes() + (try aboutActivity())
        for table in selected { findings += try about(table) }
        findings += try RowSecurity.findings(selected, in: connection)
        return findings
    }

    private func aboutDeletes() -> [Finding] {
        guard request.capture.sweep == nil else { return [] }
        let isSoft = request.capture.softDelete != nil
        return [
            Finding(
                isSoft ? .note : .warning,
                isSoft
                    ? "only rows that are marked as deleted are deleted in the target; rows that vanish stay there"
                    : "polling does not see deletes: rows that vanish from the source stay in the target",
                remedy: "set `capture.sweep: 5m` to have keys compared"
            )
        ]
    }

    private func aboutActivity() throws -> [Finding] {
        guard rule.kind == .timestamp else { return [] }
        if try connection.execute("SELECT pg_is_in_recovery()").flag(0, 0) {
            return [
                Finding(
                    .warning,
                    "\(connection.label) is a standby, which does not know what runs on its primary: a row that is "
                        + "committed later than `capture.overlap` after its stamp is not seen",
                    remedy: "poll the primary, or set an overlap longer than its longest transaction"
                )
            ]
        }
        let row = try connection.execute(
            "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), quote_ident(current_user)"
        )
        guard !row.flag(0, 0) else { return [] }
        return [
            Finding(
                .warning,
                "user \(row.text(0, 1) ?? "") may not see how long the transactions of others have been at work: a row that "
                    + "is committed later than `capture.overlap` after its stamp may not be seen",
                remedy: "GRANT pg_read_all_stats TO \(row.text(0, 1) ?? "")"
            )
        ]
    }

    // MARK: One table

    private func about(_ found: PostgresTable) throws -> [Finding] {
        let table: PolledTable
        do {
            table = try PolledTable(found, request.capture)
        } catch let error as StoreError {
            return [Finding(.error, table: found.name, error.message)]
        }
        var findings = try aboutIndex(table) + aboutUnseen(table)
        if let name = request.capture.softDelete, table.softDelete == nil {
            findings.append(
                Finding(
                    .warning,
                    table: table.name,
                    "there is no column \(name) to mark rows as deleted; only a sweep finds deletes here"
                )
            )
        }
        return findings
    }

    private func aboutIndex(_ table: PolledTable) throws -> [Finding] {
        let leading = try connection.query(
            """
            SELECT FROM pg_index WHERE indrelid = $1 AND indkey[0] = $2 AND indpred IS NULL AND indisvalid LIMIT 1
            """,
            [.integer(table.table.oid), .integer(table.column.number)]
        )
        guard leading.rowCount == 0 else { return [] }
        return [
            Finding(
                .warning,
                table: table.name,
                "no index begins with column \(table.column.name), so each poll reads the whole table",
                remedy: "CREATE INDEX CONCURRENTLY ON \(table.table.sql) (\(table.column.name.postgresIdentifier))"
            )
        ]
    }

    private func aboutUnseen(_ table: PolledTable) throws -> [Finding] {
        let column = table.column.name
        guard table.schema.columns[table.cursor].isNullable else { return [] }
        let count =
            try connection.execute(
                "SELECT count(*) FROM \(table.table.rowsSQL) WHERE \(column.postgresIdentifier) IS NULL"
            ).integer(0, 0) ?? 0
        guard count > 0 else { return [] }
        return [
            Finding(
                .warning,
                table: table.name,
                "\(count) rows have NULL in column \(column): a load brings them, and no poll sees them change",
                remedy: "give them a value and declare the column NOT NULL"
            )
        ]
    }
}
