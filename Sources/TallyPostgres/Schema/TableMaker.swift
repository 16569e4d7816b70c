package import TallyModel

/// Makes and changes one table of a target, inside the caller's transaction.
///
/// Errors that concern this table alone have the code `incompatibleSchema`; the transaction has failed then.
package struct TableMaker {
    let table: TableName
    let connection: PostgresConnection

    package init(_ table: TableName, in connection: PostgresConnection) {
        self.table = table
        self.connection = connection
    }

    // MARK: Making

    /// Makes a table for rows of the schema: as PostgreSQL would make it where it comes from there, with all that it
    /// needs (types, sequences, extensions), otherwise from its columns. Secondary indexes and foreign keys are left
    /// for ``finishLoad(of:)``.
    package func create(_ schema: TableSchema) throws {
        try checkNames(of: schema)
        if let namespace = table.schema { try ensureSchema(namespace) }
        if let blueprint = try TableBlueprint(schema.definition) {
            try create(BlueprintFit(blueprint, to: schema))
        } else {
            try run(Self.plainStatement(schema), "create the table")
        }
    }

    private func create(_ fit: BlueprintFit) throws {
        try provide(fit.blueprint.prerequisites)
        let created = try provide(sequences(of: fit))
        var taken: Set<TableName> = []
        let identities = fit.blueprint.sequences.filter(\.isIdentity).map(\.name)
        for name in identities where try !isFree(name) { taken.insert(name) }
        var items = fit.columnClauses { !taken.contains($0) }
        var identityName = fit.blueprint.keyIndex
        for constraint in fit.blueprint.constraints where fit.has(constraint.uses) {
            switch constraint.kind {
            case .check where constraint.isUnchecked: continue
            case .check: items.append("CONSTRAINT \(constraint.name.postgresIdentifier) \(constraint.sql)")
            case .primaryKey, .unique:
                guard constraint.kind == .primaryKey || constraint.name == fit.blueprint.keyIndex else { continue }
                let isFree = try isFree(TableName(constraint.name, schema: table.schema))
                if !isFree, constraint.name == identityName { identityName = nil }
                items.append(
                    isFree ? "CONSTRAINT \(constraint.name.postgresIdentifier) \(constraint.sql)" : constraint.sql
                )
            case .exclusion: continue
            }
        }
        let body = items.joined(separator: ",\n    ")
        try run("CREATE TABLE \(table.postgresSQL) (\n    \(body)\n)", "create the table")
        if let index = fit.blueprint.indexes.first(where: { $0.name == fit.blueprint.keyIndex }) {
            identityName = try make(index)
        } else if try !hasKey(fit) {
            try run("ALTER TABLE \(table.postgresSQL) ADD \(key(of: fit))", "make the key")
        }
        for statement in fit.renaming(table.postgresSQL) { try run(statement, "rename a column") }
        for sequence in created {
            guard let owner = sequence.owner.flatMap({ fit.names[$0] }) else { continue }
            let column = "\(table.postgresSQL).\(owner.postgresIdentifier)"
            try run("ALTER SEQUENCE \(sequence.name.postgresSQL) OWNED BY \(column)", "make sequence \(sequence.name)")
        }
        guard let identity = fit.blueprint.replicaIdentity else { return }
        // An index that had to get another name, or none at all, identifies rows by itself.
        if identity.hasPrefix("USING INDEX") {
            let name =
                fit.blueprint.keyIndex == nil ? identity : identityName.map { "USING INDEX \($0.postgresIdentifier)" }
            guard let name, fit.blueprint.keyIndex != nil else { return }
            try run("ALTER TABLE \(table.postgresSQL) REPLICA IDENTITY \(name)", "set the replica identity")
        } else {
            try run("ALTER TABLE \(table.postgresSQL) REPLICA IDENTITY \(identity)", "set the replica identity")
        }
    }

    /// Sequences that the columns' defaults draw from. Those of identity columns come with the columns.
    private func sequences(of fit: BlueprintFit) -> [TableBlueprint.Sequence] {
        fit.blueprint.sequences.filter { sequence in
            !sequence.isIdentity && (sequence.owner.map { fit.names[$0] != nil } ?? true)
        }
    }

    private func hasKey(_ fit: BlueprintFit) throws -> Bool {
        fit.blueprint.constraints.contains { constraint in
            (constraint.kind == .primaryKey || constraint.name == fit.blueprint.keyIndex) && fit.has(constraint.uses)
        }
    }

    private func key(of fit: BlueprintFit) -> String {
        let drafts = Dictionary(fit.blueprint.columns.map { ($0.number, $0.name) }, uniquingKeysWith: { $1 })
        let columns = fit.schema.keyColumns.map { (drafts[$0.id] ?? $0.name).postgresIdentifier }
        return "PRIMARY KEY (\(columns.joined(separator: ", ")))"
    }

    /// A statement from columns that another kind of store describes.
    private static func plainStatement(_ schema: TableSchema) -> String {
        let kind = schema.definition?.kind
        var items = schema.columns.map { column in
            let type = PostgresType.of(column, kind: kind)
            return "\(column.name.postgresIdentifier) \(type)\(column.isNullable ? "" : " NOT NULL")"
        }
        items.append("PRIMARY KEY (\(schema.keyColumns.map(\.name.postgresIdentifier).joined(separator: ", ")))")
        return "CREATE TABLE \(schema.name.postgresSQL) (\n    \(items.joined(separator: ",\n    "))\n)"
    }

    /// The server would cut a long name short without a word, and has columns of its own in every table.
    private func checkNames(of schema: TableSchema) throws {
        for name in [table.name] + schema.columns.map(\.name) where name.utf8.count > 63 {
            throw incompatible(
                "PostgreSQL's names have at most 63 bytes, and \(name) has \(name.utf8.count); give it a shorter one with "
                    + "`transform: {\(table): {rename: …}}` (for the table: `table`)"
            )
        }
        let reserved = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]
        for column in schema.columns where reserved.contains(column.name) {
            throw incompatible(
                "PostgreSQL has a column \(column.name) of its own in every table; give the source's another name with "
                    + "`transform: {\(table): {rename: {\(column.name): NAME}}}`"
            )
        }
    }

    // MARK: Statements

    /// Runs a statement; what the server refuses for what it says concerns this table alone.
    func run(_ sql: String, _ action: String) throws {
        do {
            try connection.execute(sql)
        } catch let error as StoreError {
            throw concerningTable(error, action)
        }
    }

    func concerningTable(_ error: StoreError, _ action: String) -> StoreError {
        guard let postgres = error.postgres, postgres.state != "42501",
            ["0A", "22", "23", "2B", "3F", "42", "44", "54", "55", "P0", "XX"].contains(postgres.state.prefix(2)),
            !["55P03", "55006", "XX001", "XX002"].contains(postgres.state)
        else {
            var error = error
            error.table = error.code == .busy ? error.table : table
            return error
        }
        return incompatible("\(connection.label): could not \(action): \(postgres); make the change by hand", error)
    }

    func incompatible(_ message: String, _ cause: (any Error)? = nil) -> StoreError {
        StoreError(.incompatibleSchema, message, table: table, cause: cause)
    }
}
