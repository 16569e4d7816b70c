import TallyModel

/// What `tally check` has to say about a PostgreSQL database as a target.
struct TargetInspection {
    private let connection: PostgresConnection
    /// Whether missing tables are to be made.
    private let create: Bool

    init(_ connection: PostgresConnection, create: Bool) {
        self.connection = connection
        self.create = create
    }

    func findings(for tables: [TableSchema]) throws -> [Finding] {
        var findings = try rights()
        let firesTriggers = try firesTriggers(&findings)
        for schema in tables { findings += try self.findings(for: schema, firesTriggers: firesTriggers) }
        return findings
    }

    // MARK: The database

    func rights() throws -> [Finding] {
        let answer = try connection.execute(
            """
            SELECT quote_ident(current_user), quote_ident(current_database()),
                has_database_privilege(current_database(), 'CREATE'), to_regnamespace('tally') IS NOT NULL,
                CASE WHEN to_regnamespace('tally') IS NOT NULL THEN has_schema_privilege('tally', 'CREATE, USAGE') END,
                pg_is_in_recovery()
            """
        )
        let (user, database) = (answer.text(0, 0) ?? "", answer.text(0, 1) ?? "")
        var findings: [Finding] = []
        if answer.flag(0, 5) {
            findings.append(
                Finding(.error, "\(connection.label) is a standby and takes no writes", remedy: "name the primary")
            )
        }
        if answer.flag(0, 3) {
            if !answer.flag(0, 4) {
                findings.append(
                    Finding(
                        .error,
                        "\(user) may not use schema tally, where Tally keeps its checkpoint",
                        remedy:
                            "GRANT CREATE, USAGE ON SCHEMA tally TO \(user); "
                            + "GRANT ALL ON ALL TABLES IN SCHEMA tally TO \(user)"
                    )
                )
            }
        } else if answer.flag(0, 2) {
            findings.append(Finding(.note, "schema tally will be made in \(connection.label), for the checkpoint"))
        } else {
            findings.append(
                Finding(
                    .error,
                    "\(user) may not make schema tally, where Tally keeps its checkpoint",
                    remedy:
                        "GRANT CREATE ON DATABASE \(database) TO \(user), or CREATE SCHEMA tally AUTHORIZATION \(user)"
                )
            )
        }
        return findings
    }

    /// Whether triggers and foreign keys cannot be suspended; says so.
    func firesTriggers(_ findings: inout [Finding]) throws -> Bool {
        do {
            try connection.execute("BEGIN; SET LOCAL session_replication_role = replica; ROLLBACK")
            return false
        } catch let error as StoreError where error.code == .denied {
            try connection.execute("ROLLBACK")
            let user = try connection.execute("SELECT quote_ident(current_user)").text(0, 0) ?? ""
            findings.append(
                Finding(
                    .warning,
                    "\(user) may not suspend triggers and foreign keys (session_replication_role): those of the target "
                        + "fire for what Tally writes, changes are applied strictly in order, and more slowly",
                    remedy: connection.serverVersion >= 150_000
                        ? "GRANT SET ON PARAMETER session_replication_role TO \(user)"
                        : "use a role with SUPERUSER, or leave it so"
                )
            )
            return true
        }
    }

    // MARK: One table

    private func findings(for schema: TableSchema, firesTriggers: Bool) throws -> [Finding] {
        let name = schema.name
        let relation = try connection.query(
            """
            SELECT c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2
            """,
            [.text(name.schema ?? TableName.postgresDefaultSchema), .text(name.name)]
        )
        guard let kind = relation.rowCount > 0 ? relation.text(0, 0) : nil else { return try missing(schema) }
        guard ["r", "p"].contains(kind) else {
            return [
                error(
                    schema,
                    "the target has a relation of that name which is no table",
                    "rename it, or write to another with `transform: table`"
                )
            ]
        }
        guard let target = try TargetTableReader(connection).table(name) else {
            let key = schema.keyColumns.map(\.name.postgresIdentifier).joined(separator: ", ")
            return [
                error(
                    schema,
                    "nothing tells the rows of the target's table apart",
                    "ALTER TABLE \(name.postgresSQL) ADD PRIMARY KEY (\(key))"
                )
            ]
        }
        let fit = TableFit(schema, in: target)
        return problems(fit) + rights(fit) + doubts(fit, firesTriggers: firesTriggers)
            + spellings(of: schema, fit) + (try contents(fit))
    }

    private func missing(_ schema: TableSchema) throws -> [Finding] {
        guard create else {
            return [
                error(
                    schema,
                    "the target has no such table, and `create: never` is set",
                    "create it there, or set `create: missing`"
                )
            ]
        }
        if let obstacle = try obstacle(toMaking: schema) { return [obstacle] }
        return [Finding(.note, table: schema.name, "will be made in the target")] + spellings(of: schema, nil)
    }

    /// Why the role may not make the table; `nil` where it may.
    func obstacle(toMaking schema: TableSchema) throws -> Finding? {
        let namespace = schema.name.schema ?? TableName.postgresDefaultSchema
        let answer = try connection.query(
            """
            SELECT to_regnamespace(quote_ident($1)) IS NULL, has_database_privilege(current_database(), 'CREATE'),
                CASE WHEN to_regnamespace(quote_ident($1)) IS NOT NULL THEN has_schema_privilege($1, 'CREATE') END,
                quote_ident(current_user), quote_ident(current_database())
            """,
            [.text(namespace)]
        )
        let user = answer.text(0, 3) ?? ""
        if answer.flag(0, 0) ? answer.flag(0, 1) : answer.flag(0, 2) { return nil }
        let remedy =
            answer.flag(0, 0)
            ? "GRANT CREATE ON DATABASE \(answer.text(0, 4) ?? "") TO \(user)"
            : "GRANT CREATE ON SCHEMA \(namespace.postgresIdentifier) TO \(user)"
        return error(schema, "\(user) may not make tables in schema \(namespace)", remedy)
    }

    /// What the table can never take.
    private func problems(_ fit: TableFit) -> [Finding] {
        var findings: [Finding] = []
        if let problem = fit.missingProblem {
            // The engine adds columns where it may; here it is not known whether it may.
            let remedy = create ? "Tally adds them unless the flow's `schema` rules say otherwise" : nil
            findings.append(Finding(create ? .warning : .error, table: fit.schema.name, problem, remedy: remedy))
        } else if let problem = fit.keyProblem {
            findings.append(error(fit.schema, problem, nil))
        }
        let unfilled = fit.unfilled.map(\.name).joined(separator: ", ")
        if !unfilled.isEmpty {
            findings.append(
                error(
                    fit.schema,
                    "the target's column \(unfilled) is NOT NULL without a default, and the source has no value for it",
                    "give it a default, or drop NOT NULL"
                )
            )
        }
        return findings
    }

    private func rights(_ fit: TableFit) -> [Finding] { rights(fit.target) }

    func rights(_ target: TargetTable) -> [Finding] {
        let missing = target.missingRights.filter { $0 != "TRUNCATE" }
        var findings: [Finding] = []
        if !missing.isEmpty {
            let rights = missing.joined(separator: ", ")
            findings.append(
                error(
                    target.schema,
                    "the role that Tally writes with lacks the right to \(rights)",
                    "GRANT \(rights) ON \(target.table.sql) TO the role"
                )
            )
        }
        if target.hasPolicies {
            findings.append(
                Finding(
                    .warning,
                    table: target.schema.name,
                    "row security policies decide which rows Tally sees and may write; others are missed or refused",
                    remedy: "ALTER ROLE … BYPASSRLS, or ALTER TABLE \(target.table.sql) DISABLE ROW LEVEL SECURITY"
                )
            )
        }
        return findings
    }

    /// What the table takes from some rows and not from others, or changes.
    private func doubts(_ fit: TableFit, firesTriggers: Bool) -> [Finding] {
        var findings: [Finding] = []
        for (column, place) in zip(fit.schema.columns, fit.places) {
            guard let place else { continue }
            let held = fit.target.schema.columns[place]
            if column.isNullable, !held.isNullable {
                let message =
                    "\(held.name) may be NULL in the source and not in the target; such rows become dead letters"
                findings.append(
                    Finding(.warning, table: fit.schema.name, message, remedy: "drop NOT NULL in the target")
                )
            }
            if fit.schema.definition?.kind == "postgres", column.declaredType != held.declaredType {
                let message =
                    "\(held.name) is of type \(column.declaredType) in the source and of \(held.declaredType) in the "
                    + "target; values that it cannot hold become dead letters"
                findings.append(
                    Finding(
                        .warning,
                        table: fit.schema.name,
                        message,
                        remedy: "declare the source's type in the target"
                    )
                )
            }
        }
        let triggers = firesTriggers ? fit.target.triggers : fit.target.replicaTriggers
        if !triggers.isEmpty {
            let message =
                "triggers of the target's table fire for what Tally writes (\(triggers.joined(separator: ", "))), and "
                + "may do again what was done in the source"
            let remedy =
                firesTriggers
                ? "let Tally suspend them, as said above" : "ALTER TABLE \(fit.target.table.sql) ENABLE TRIGGER …"
            findings.append(Finding(.warning, table: fit.schema.name, message, remedy: remedy))
        }
        return findings
    }

    private func contents(_ fit: TableFit) throws -> [Finding] {
        guard !fit.target.missingRights.contains("SELECT") else { return [] }
        let isEmpty = try connection.execute("SELECT FROM \(fit.target.table.rowsSQL) LIMIT 1").rowCount == 0
        return isEmpty ? [] : [Finding(.note, table: fit.schema.name, "the target's table holds rows already")]
    }

    private func error(_ schema: TableSchema, _ message: String, _ remedy: String?) -> Finding {
        Finding(.error, table: schema.name, message, remedy: remedy)
    }
}
