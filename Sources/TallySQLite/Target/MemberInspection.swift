import SQLite
import TallyModel

/// What `tally check` has to say about a SQLite file as a member of a group.
struct MemberInspection {
    let file: TargetFile
    let request: MemberRequest

    /// - Parameter connection: `nil` when there is no file yet, or nothing in it.
    func findings(in connection: Connection?) throws -> [Finding] {
        guard let connection else {
            if let problem = file.folderProblem {
                return [Finding(.error, "\(file.path): \(problem.message)", remedy: problem.remedy)]
            }
            return [Finding(.note, "\(file.path) will be made, in WAL mode")]
        }
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
        let isCaptured = try isCapturedByOthers(connection)
        for table in request.tables {
            guard let schema = try Catalog.table(table.name.sqliteName, in: connection) else { continue }
            findings += try triggers(of: schema, isCaptured: isCaptured, connection)
            findings += try numbering(of: schema, connection) + nulls(in: schema, connection)
        }
        return findings
    }

    private func isCapturedByOthers(_ connection: Connection) throws -> Bool {
        guard request.flows.isEmpty else { return true }
        guard try CaptureTables.exist(in: connection) else { return false }
        return try connection.first("SELECT 1 FROM _tally_flow WHERE flow <> ?", .text(request.group)) != nil
    }

    private func triggers(
        of schema: TableSchema,
        isCaptured: Bool,
        _ connection: Connection
    ) throws -> [Finding] {
        let triggers = try TargetConnection.userTriggers(of: schema.name, in: connection)
        guard !triggers.isEmpty else { return [] }
        if isCaptured, let problem = TargetConnection.problem(with: triggers) {
            return [Finding(.error, table: schema.name, problem)]
        }
        let message = "triggers of the table do not fire for what Tally writes: \(triggers.joined(separator: ", "))"
        return [Finding(.note, table: schema.name, message)]
    }

    /// Rows with NULL in their key, which SQLite permits unless the column says otherwise.
    private func nulls(in schema: TableSchema, _ connection: Connection) throws -> [Finding] {
        let nullable = schema.keyColumns.filter(\.isNullable).map(\.name)
        guard !schema.hasImplicitKey, !nullable.isEmpty else { return [] }
        let condition = nullable.map { "\(quoted($0)) IS NULL" }.joined(separator: " OR ")
        let answer = try connection.first("SELECT count(*) FROM \(quoted(schema.name.sqliteName)) WHERE \(condition)")
        guard case .integer(let count)? = answer?.first, count > 0 else { return [] }
        return [
            Finding(
                .warning,
                table: schema.name,
                "\(count == 1 ? "1 row has" : "\(count) rows have") NULL in the key (\(nullable.joined(separator: ", "))), and "
                    + "nothing tells such rows apart: they are left out of the group",
                remedy: "give them keys of their own, and declare the key NOT NULL"
            )
        ]
    }

    /// Keys that SQLite gives to new rows by itself: each file counts for itself, and so do the other members.
    private func numbering(of schema: TableSchema, _ connection: Connection) throws -> [Finding] {
        let table = schema.name.name
        guard request.memberCount > 1, schema.key.count == 1, let column = schema.keyColumns.first, !column.isHidden,
            try !Catalog.hasKeyIndex(table, in: connection),
            // A table without rowids has no numbering either, and no index beside itself.
            try connection.first("SELECT 1 FROM pragma_table_list(?) WHERE wr = 1", .text(table)) == nil
        else { return [] }
        let count = request.memberCount
        let next =
            "(SELECT coalesce(max(\(quoted(column.name))), 0) / \(count) * \(count) + \(count + request.place) "
            + "FROM \(quoted(table)))"
        return [
            Finding(
                .warning,
                table: schema.name,
                "SQLite numbers new rows (\(column.name)) file by file: rows that two members insert at the same time "
                    + "get one number, and become one row",
                remedy:
                    "have the program here give \(column.name) a value that no other member gives, such as \(next), "
                    + "or make the key a text: lower(hex(randomblob(16)))"
            )
        ]
    }
}
