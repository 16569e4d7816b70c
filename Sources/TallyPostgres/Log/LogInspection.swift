import TallyModel

/// What `tally check` says about a database to be captured out of its log. Changes nothing.
struct LogInspection {
    let request: CaptureRequest
    /// How much log the server may keep for the flow.
    let budget: ByteCount
    let connection: PostgresConnection

    private var label: String { connection.label }

    func findings() throws -> [Finding] {
        let catalog = try PostgresCatalog.read(in: connection, detail: .structure)
        let selection = request.tables.naming(defaultSchema: TableName.postgresDefaultSchema)
        let selected = catalog.tables.filter { selection.contains($0.name) }
        let keyless = catalog.keyless.filter { selection.contains($0.name) }
        let otherwise = request.group == nil ? ", or write `capture: trigger`" : ""
        var findings = try Self.serverFindings(connection, label: label, otherwise: otherwise)
        // Which tables a member lacks is for the group to say.
        if request.group == nil {
            findings += unmatched(selection, catalog)
            if selected.isEmpty {
                findings.append(
                    Finding(.error, "\(label): no table is selected", remedy: "name the flow's tables in `tables:`")
                )
            }
        } else if let problem = MemberVersion.problem(with: connection.serverVersion) {
            findings.append(Finding(.error, "\(label): \(problem.message)", remedy: problem.remedy))
        }
        findings += keyless.map(\.finding)
        let unsaid = UnsaidValues(connection: connection)
        findings += try selected.compactMap { try unsaid.finding(for: $0, reading: request.reads[$0.name] ?? []) }
        findings += try tableFindings(selected)
        findings += try RowSecurity.findings(selected, in: connection)
        findings += try captureFindings()
        return findings
    }

    private func unmatched(_ selection: TableSelection, _ catalog: PostgresCatalog) -> [Finding] {
        selection.unmatched(in: catalog.tables.map(\.name) + catalog.keyless.map(\.name)).map { pattern in
            Finding(.warning, "\(label): no table matches \(pattern)", remedy: "mend the name in `tables:`")
        }
    }

    // MARK: The server

    /// - Parameter otherwise: What else can be done than to have the server log rows, to end a sentence.
    static func serverFindings(
        _ connection: PostgresConnection,
        label: String,
        otherwise: String = ""
    ) throws -> [Finding] {
        let keep = connection.serverVersion >= 130000 ? "current_setting('max_slot_wal_keep_size')" : "'-1'"
        let result = try connection.query(
            """
            SELECT current_setting('wal_level'), current_setting('max_replication_slots')::int8,
                (SELECT count(*) FROM pg_replication_slots), current_setting('max_wal_senders')::int8,
                (SELECT count(*) FROM pg_stat_replication), r.rolreplication OR r.rolsuper, r.rolsuper,
                has_database_privilege(current_database(), 'CREATE'), pg_is_in_recovery(), current_user,
                current_database(), \(keep),
                EXISTS (SELECT FROM pg_roles m WHERE m.rolname = 'rds_replication'
                    AND pg_has_role(current_user, m.oid, 'USAGE'))
            FROM pg_roles r WHERE r.rolname = current_user
            """
        )
        let user = (result.text(0, 9) ?? "").postgresIdentifier
        var findings: [Finding] = []
        func add(_ severity: Finding.Severity, _ message: String, _ remedy: String) {
            findings.append(Finding(severity, "\(label): \(message)", remedy: remedy))
        }
        if connection.serverVersion < 120000 { add(.error, "the server is older than PostgreSQL 12", "upgrade it") }
        if let level = result.text(0, 0), level != "logical" {
            add(
                .error,
                "the server's wal_level is \(level), so that its log does not tell rows",
                "run ALTER SYSTEM SET wal_level = logical and restart the server" + otherwise
            )
        }
        if !result.flag(0, 5), !result.flag(0, 12) {
            add(
                .error,
                "user \(user) may not read the server's log",
                "run ALTER ROLE \(user) REPLICATION as a superuser"
            )
        }
        if result.flag(0, 8) {
            add(
                connection.serverVersion < 160000 ? .error : .warning,
                "the server is a standby: a publication cannot be made there",
                "name its primary in the store's `url`"
            )
        }
        if !result.flag(0, 7) {
            let database = (result.text(0, 10) ?? "").postgresIdentifier
            add(
                .error,
                "user \(user) may not make a publication",
                "run GRANT CREATE ON DATABASE \(database) TO \(user)"
            )
        }
        for (name, most, used) in [("max_replication_slots", 1, 2), ("max_wal_senders", 3, 4)] {
            let (most, used) = (result.integer(0, most) ?? 0, result.integer(0, used) ?? 0)
            guard used >= most else { continue }
            add(
                // Among those in use may be this flow's own.
                .warning,
                "all \(most) of \(name) are in use",
                "run ALTER SYSTEM SET \(name) = \(most + 10) and restart the server"
            )
        }
        if result.text(0, 11) == "-1" {
            add(
                .note,
                "nothing bounds the log that the server keeps for slots; while it is not read, its disk fills up",
                "consider ALTER SYSTEM SET max_slot_wal_keep_size = '50GB': beyond that a flow has to be resynced, "
                    + "and a member of a group joins again"
            )
        }
        return findings
    }

    // MARK: Tables

    private func tableFindings(_ tables: [PostgresTable]) throws -> [Finding] {
        let rights = try connection.query(
            """
            SELECT c.oid, pg_has_role(c.relowner, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
                pg_get_userbyid(c.relowner), EXISTS (
                    SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attgenerated <> ''), current_user
            FROM pg_class c WHERE c.oid = ANY($1)
            """,
            [.oids(tables.map(\.oid))]
        )
        var rows: [UInt32: Int] = [:]
        for row in 0..<rights.rowCount { rows[rights.oid(row, 0)] = row }
        return tables.flatMap { table -> [Finding] in
            var findings: [Finding] = []
            if let problem = publicationProblem(of: table) {
                findings.append(Finding(.error, table: table.name, problem.message, remedy: problem.remedy))
            }
            if table.replicaIdentity == .full, request.reads[table.name]?.isEmpty ?? true {
                findings.append(
                    Finding(
                        .note,
                        table: table.name,
                        "its replica identity is FULL: the server logs each row twice when it is updated",
                        remedy: table.keyIndex.isPrimary
                            ? "ALTER TABLE \(table.sql) REPLICA IDENTITY DEFAULT makes that its key alone" : nil
                    )
                )
            }
            guard let row = rows[table.oid] else { return findings }
            let user = (rights.text(row, 5) ?? "").postgresIdentifier
            let owner = (rights.text(row, 3) ?? "").postgresIdentifier
            if !rights.flag(row, 1) {
                findings.append(
                    Finding(
                        .error,
                        table: table.name,
                        "only its owner \(owner) may publish its changes",
                        remedy: "run GRANT \(owner) TO \(user), or ALTER TABLE \(table.sql) OWNER TO a role that "
                            + "both are members of"
                    )
                )
            }
            if !rights.flag(row, 2) {
                findings.append(
                    Finding(
                        .error,
                        table: table.name,
                        "user \(user) may not read it",
                        remedy: "run GRANT SELECT ON \(table.sql) TO \(user)"
                    )
                )
            }
            if rights.flag(row, 4) {
                findings.append(
                    Finding(
                        .note,
                        table: table.name,
                        "generated columns are not captured; a PostgreSQL target computes them itself"
                    )
                )
            }
            return findings
        }
    }

    private func publicationProblem(of table: PostgresTable) -> (message: String, remedy: String)? {
        if table.isPartitioned, connection.serverVersion < 130000 {
            return ("changes of partitioned tables can be published from PostgreSQL 13 on", "upgrade the server")
        }
        return table.publicationProblem
    }

    // MARK: This flow

    private func captureFindings() throws -> [Finding] {
        let database = try connection.query("SELECT current_database()").text(0, 0) ?? ""
        let name = try CaptureName.find(request.consumer, database: database, in: connection)
        guard let slot = try ReplicationSlot.find(name, in: connection) else {
            guard request.checkpoint == nil else {
                return [
                    Finding(
                        .error,
                        "\(label): the replication slot \(name) is gone, and with it the log since the checkpoint",
                        remedy: "`tally resync \(request.consumer.flow)` begins again, writing only what differs"
                    )
                ]
            }
            return [
                Finding(
                    .note,
                    "\(label): replication slot and publication \(name) will be made; `tally remove` drops them"
                )
            ]
        }
        var retained = RetainedLog(budget: budget, isMember: request.group != nil)
        _ = retained.observe(slot)
        return retained.message(for: slot).map { [Finding(.warning, "\(label): \($0)")] } ?? []
    }
}
