import SQLite
import TallyModel

/// What `tally check` has to say about a SQLite file as a target.
struct TargetInspection {
    let file: TargetFile
    /// Whether missing tables are to be made.
    let create: Bool

    /// - Parameter connection: `nil` when there is no file yet, or nothing in it.
    func findings(for tables: [TableSchema], in connection: Connection?) throws -> [Finding] {
        guard let connection else { return findingsWithoutFile(for: tables) }
        var findings: [Finding] = []
        if !file.isWritable || file.folderProblem != nil {
            findings.append(
                Finding(
                    .error,
                    "\(file.path) or its folder cannot be written; SQLite keeps its log beside the file",
                    remedy: "check the owner and permissions of both"
                )
            )
        }
        for schema in tables { findings += try self.findings(for: schema, in: connection) }
        return findings
    }

    private func findingsWithoutFile(for tables: [TableSchema]) -> [Finding] {
        if let problem = file.folderProblem {
            return [Finding(.error, "\(file.path): \(problem.message)", remedy: problem.remedy)]
        }
        return [Finding(.note, "\(file.path) will be made, in WAL mode")] + tables.map(missing)
    }

    private func missing(_ schema: TableSchema) -> Finding {
        if create { return Finding(.note, table: schema.name, "will be made in the target") }
        return Finding(
            .error,
            table: schema.name,
            "the target has no such table, and `create: never` is set",
            remedy: "create it there, or set `create: missing`"
        )
    }

    // MARK: One table

    private func findings(for schema: TableSchema, in connection: Connection) throws -> [Finding] {
        let kind = try connection.first(
            "SELECT type FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
            .text(schema.name.sqliteName)
        )
        guard let kind = kind?.first?.text else { return [missing(schema)] }
        guard kind == "table", let existing = try Catalog.table(schema.name.sqliteName, in: connection) else {
            let message =
                kind == "table"
                ? "the target's table has no key, and columns hide its rowid" : "the target has a \(kind) of that name"
            return [error(schema, message, remedy: "rename it, or write to another table with `transform: table`")]
        }
        let indexes = try Catalog.uniqueIndexes(of: existing.name.name, in: connection)
        let fit = TableFit(schema, in: existing, uniqueIndexes: indexes)
        return problems(fit) + doubts(fit) + (try constraints(fit)) + (try contents(schema, in: connection))
    }

    /// What the table can never take.
    private func problems(_ fit: TableFit) -> [Finding] {
        var findings: [Finding] = []
        if let problem = fit.missingProblem {
            // The engine adds columns where it may; here it is not known whether it may.
            let severity: Finding.Severity = create ? .warning : .error
            let remedy = create ? "Tally adds them unless the flow's `schema` rules say otherwise" : nil
            findings.append(Finding(severity, table: fit.schema.name, problem, remedy: remedy))
        } else if let problem = fit.keyProblem {
            findings.append(error(fit.schema, problem, remedy: nil))
        }
        let unfilled = fit.unfilled.map(\.name)
        if !unfilled.isEmpty {
            findings.append(
                error(
                    fit.schema,
                    "the target's column \(unfilled.joined(separator: ", ")) is NOT NULL without a default, and the "
                        + "source has no value for it",
                    remedy: "give it a default, or drop NOT NULL"
                )
            )
        }
        if let problem = fit.collationProblem { findings.append(error(fit.schema, problem, remedy: nil)) }
        return findings
    }

    /// What the table takes from some rows and not from others, or changes.
    private func doubts(_ fit: TableFit) -> [Finding] {
        var findings: [Finding] = []
        for (column, place) in zip(fit.schema.columns, fit.places) {
            guard let held = place.map({ fit.existing.columns[$0] }), !held.isGenerated, !column.isHidden else {
                continue
            }
            if column.isNullable, !held.isNullable {
                let message =
                    "\(held.name) may be NULL in the source and not in the target; such rows become dead letters"
                findings.append(
                    Finding(.warning, table: fit.schema.name, message, remedy: "drop NOT NULL in the target")
                )
            }
            guard fit.schema.definition?.kind == "sqlite", !column.declaredType.isEmpty else { continue }
            let (given, kept) = (Affinity(declaredType: column.declaredType), Affinity(declaredType: held.declaredType))
            if given != kept, kept != .blob {
                let message =
                    "\(held.name) is of type \(column.declaredType) in the source and of \(held.declaredType) in the "
                    + "target, which converts some values"
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
        return findings
    }

    /// What is unique in the target and not in the source.
    private func constraints(_ fit: TableFit) throws -> [Finding] {
        let cover = try UniqueCover(of: fit.schema)
        return fit.secondaryIndexes.filter { !cover.covers($0) }.map { index in
            let message =
                "the target has a unique index that the source has not (\(index.name)); rows that are equal by it become "
                + "dead letters"
            return Finding(.warning, table: fit.schema.name, message, remedy: "drop it in the target")
        }
    }

    private func contents(_ schema: TableSchema, in connection: Connection) throws -> [Finding] {
        var findings: [Finding] = []
        if try connection.prepare("SELECT 1 FROM \(quoted(schema.name.sqliteName)) LIMIT 1").step() {
            findings.append(Finding(.note, table: schema.name, "the target's table holds rows already"))
        }
        let triggers = try TargetConnection.userTriggers(of: schema.name, in: connection)
        guard !triggers.isEmpty else { return findings }
        if try connection.hasTable("_tally_shape"), let problem = TargetConnection.problem(with: triggers) {
            findings.append(error(schema, problem, remedy: nil))
        } else {
            let message = "triggers of the target's table do not fire for what Tally writes: "
            findings.append(Finding(.note, table: schema.name, message + triggers.joined(separator: ", ")))
        }
        return findings
    }

    private func error(_ schema: TableSchema, _ message: String, remedy: String?) -> Finding {
        Finding(.error, table: schema.name, message, remedy: remedy)
    }
}
