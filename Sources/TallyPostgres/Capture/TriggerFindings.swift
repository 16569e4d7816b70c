import TallyModel

/// What there is to say about capturing the tables of one snapshot by triggers.
struct TriggerFindings {
    let request: CaptureRequest
    let connection: PostgresConnection

    func all() throws -> [Finding] {
        let catalog = try PostgresCatalog.read(in: connection, detail: .structure)
        let selected = catalog.tables.filter { request.tables.contains($0.name) }
        var findings = request.tables.unmatched(in: (catalog.tables.map(\.name) + catalog.keyless.map(\.name))).map {
            Finding(.error, "\(connection.label): no table matches \($0)", remedy: "correct the name in `tables`")
        }
        if selected.isEmpty {
            findings.append(
                Finding(.error, "\(connection.label): no table is selected", remedy: "name some in `tables`")
            )
        }
        findings += catalog.keyless.filter { request.tables.contains($0.name) }.map(\.finding)
        findings += try aboutServer() + aboutSchema() + aboutOtherFlows()
        for table in selected { findings += try about(table) }
        findings += try RowSecurity.findings(selected, in: connection)
        return findings
    }

    private func aboutServer() throws -> [Finding] {
        if try connection.execute("SELECT pg_is_in_recovery()").flag(0, 0) {
            return [
                Finding(
                    .error,
                    "\(connection.label) is a standby, which takes no triggers",
                    remedy: "capture its primary, or poll this one: `capture: timestamp`"
                )
            ]
        }
        guard try connection.execute("SHOW wal_level").text(0, 0) == "logical" else { return [] }
        return [
            Finding(
                .note,
                "the server keeps a log that Tally can read, which costs its writers less than triggers do",
                remedy: "write `capture: log`"
            )
        ]
    }

    private func aboutSchema() throws -> [Finding] {
        let row = try connection.execute(
            """
            SELECT has_database_privilege(current_database(), 'CREATE'), to_regnamespace('tally') IS NOT NULL,
                CASE WHEN to_regnamespace('tally') IS NOT NULL THEN has_schema_privilege('tally', 'CREATE, USAGE') END,
                quote_ident(current_user), quote_ident(current_database())
            """
        )
        let (user, database) = (row.text(0, 3) ?? "", row.text(0, 4) ?? "")
        if row.flag(0, 1) {
            guard !row.flag(0, 2) else { return [] }
            return [
                Finding(
                    .error,
                    "user \(user) may make no tables in schema tally, where capture by trigger keeps the changes",
                    remedy: "GRANT CREATE, USAGE ON SCHEMA tally TO \(user)"
                )
            ]
        }
        guard !row.flag(0, 0) else { return [] }
        return [
            Finding(
                .error,
                "user \(user) may not make schema tally, where capture by trigger keeps the changes",
                remedy: "GRANT CREATE ON DATABASE \(database) TO \(user)"
            )
        ]
    }

    private func aboutOtherFlows() throws -> [Finding] {
        guard try CaptureTables.exist(in: connection) else { return [] }
        let rows = try connection.query(
            """
            SELECT flow, target_label, to_char(seen_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')
            FROM tally.consumer WHERE flow <> $1 AND seen_at < now() - interval '1 day'
            """,
            [.text(request.consumer.flow)]
        )
        return (0..<rows.rowCount).map { row in
            let flow = rows.text(row, 0) ?? ""
            return Finding(
                .warning,
                "\(flow) (to \(rows.text(row, 1) ?? "")) was last seen at \(rows.text(row, 2) ?? "") UTC, and holds "
                    + "captured rows in \(connection.label)",
                remedy: "run it, or end it with `tally remove \(flow)`"
            )
        }
    }

    private func about(_ table: PostgresTable) throws -> [Finding] {
        let row = try connection.query(
            """
            SELECT has_table_privilege(c.oid, 'TRIGGER'), has_table_privilege(c.oid, 'SELECT'),
                pg_has_role(c.relowner, 'MEMBER'), quote_ident(current_user), quote_ident(pg_get_userbyid(c.relowner))
            FROM pg_class c WHERE c.oid = $1
            """,
            [.integer(table.oid)]
        )
        let (user, owner) = (row.text(0, 3) ?? "", row.text(0, 4) ?? "")
        let missing = [row.flag(0, 0) ? nil : "TRIGGER", row.flag(0, 1) ? nil : "SELECT"].compactMap { $0 }
        guard missing.isEmpty else {
            return [
                Finding(
                    .error,
                    table: table.name,
                    "user \(user) lacks the right \(missing.joined(separator: " and ")) on the table",
                    remedy: "GRANT \(missing.joined(separator: ", ")) ON \(table.sql) TO \(user)"
                )
            ]
        }
        var findings = [Finding(.note, table: table.name, "3 triggers of Tally's on the table keep its changes")]
        if !row.flag(0, 2) {
            findings.append(
                Finding(
                    .warning,
                    table: table.name,
                    "user \(user) does not own the table, so the triggers do not fire for changes that another replica's "
                        + "apply writes (session_replication_role = replica)",
                    remedy: "GRANT \(owner) TO \(user), if any such writes to the table"
                )
            )
        }
        return findings
    }
}
