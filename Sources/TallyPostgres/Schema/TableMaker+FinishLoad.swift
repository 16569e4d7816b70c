package import TallyModel

/// What follows when rows are in: indexes, unique and exclusion constraints, foreign keys.
extension TableMaker {
    /// Makes what the table has at its source and lacks here. Doing it twice is doing it once.
    ///
    /// A foreign key is made when both its tables are here and their rows agree with it: whichever table is loaded last
    /// makes it, so those of other tables that point at this one are tried too.
    ///
    /// - Returns: What was left out, and why, in words.
    @discardableResult
    package func finishLoad(of schema: TableSchema) throws -> [String] {
        guard let blueprint = try TableBlueprint(schema.definition) else { return [] }
        let fit = BlueprintFit(blueprint, to: schema)
        let indexes = blueprint.indexes.filter { $0.name != blueprint.keyIndex && fit.has($0.uses) }
        let constraints = blueprint.constraints.filter { constraint in
            (constraint.kind == .unique || constraint.kind == .exclusion || constraint.isUnchecked)
                && constraint.name != blueprint.keyIndex && fit.has(constraint.uses)
        }
        let missingIndexes = try indexes.filter { try !hasIndex($0.name) }
        let missingConstraints = try constraints.filter { try !hasConstraint($0.name, table) }
        let own = blueprint.foreignKeys.filter { $0.table == blueprint.name && fit.has($0.uses) }
        let missingKeys = try own.filter { try !hasConstraint($0.name, table) }

        var left: [String] = []
        if !(missingIndexes.isEmpty && missingConstraints.isEmpty && missingKeys.isEmpty) {
            try underDraftNames(fit) {
                for index in missingIndexes { try make(index) }
                for constraint in missingConstraints {
                    let name = try freeName(for: constraint.name)
                    try run(
                        "ALTER TABLE \(table.postgresSQL) ADD CONSTRAINT \(name.postgresIdentifier) \(constraint.sql)",
                        "make constraint \(constraint.name)"
                    )
                }
                for key in missingKeys { left += try make(key, of: table, blueprint) }
            }
        }
        for key in blueprint.foreignKeys where key.table != blueprint.name && table == blueprint.name {
            guard try !isFree(key.table), try !hasConstraint(key.name, key.table) else { continue }
            left += try make(key, of: key.table, blueprint)
        }
        return left
    }

    /// Gives the columns the names they have at the source, which expressions know them by, and then their own again.
    private func underDraftNames(_ fit: BlueprintFit, _ body: () throws -> Void) throws {
        if fit.isRenamed {
            for statement in fit.renaming(table.postgresSQL, backwards: true) { try run(statement, "rename a column") }
        }
        try body()
        if fit.isRenamed {
            for statement in fit.renaming(table.postgresSQL) { try run(statement, "rename a column") }
        }
    }

    // MARK: Indexes

    /// - Returns: The name that the index got.
    @discardableResult
    func make(_ index: TableBlueprint.Index) throws -> String {
        let name = try freeName(for: index.name)
        let unique = index.isUnique ? "UNIQUE " : ""
        try run(
            "CREATE \(unique)INDEX \(name.postgresIdentifier) ON \(table.postgresSQL) USING \(index.sql)",
            "make index \(index.name)"
        )
        return name
    }

    private func freeName(for name: String) throws -> String {
        var candidates = [name, "\(table.name)_\(name)"]
        for number in 2...100 { candidates.append("\(table.name)_\(name)_\(number)") }
        for candidate in candidates where candidate.utf8.count <= 63 {
            if try isFree(TableName(candidate, schema: table.schema)) { return candidate }
        }
        throw incompatible("\(connection.label): no name is free for the index \(name)")
    }

    /// Whether the table has the index, under its own name or one that ``freeName(for:)`` gives.
    private func hasIndex(_ name: String) throws -> Bool {
        let result = try connection.query(
            """
            SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = $1::regclass AND (c.relname = $2 OR c.relname = $3 OR c.relname LIKE $4)
            """,
            patterns(for: name)
        )
        return result.rowCount > 0
    }

    private func hasConstraint(_ name: String, _ table: TableName) throws -> Bool {
        let result = try connection.query(
            """
            SELECT 1 FROM pg_constraint
            WHERE conrelid = $1::regclass AND (conname = $2 OR conname = $3 OR conname LIKE $4)
            """,
            patterns(for: name, table)
        )
        return result.rowCount > 0
    }

    private func patterns(for name: String, _ table: TableName? = nil) -> [Parameter] {
        let table = table ?? self.table
        let other = "\(table.name)_\(name)"
        let escaped = other.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        return [.text(table.postgresSQL), .text(name), .text(other), .text(escaped + "\\__%")]
    }

    // MARK: Foreign keys

    /// - Returns: Why it was not made.
    private func make(
        _ key: TableBlueprint.ForeignKey,
        of owner: TableName,
        _ blueprint: TableBlueprint
    ) throws -> [String] {
        // One that points at its own table goes on doing so under another name.
        let isOwn = key.referenced == blueprint.name && key.table == blueprint.name
        let referenced = isOwn ? table : key.referenced
        guard try !isFree(referenced) else {
            return ["foreign key \(key.name) of \(owner) was not made: there is no table \(referenced) here yet"]
        }
        let name = key.name.postgresIdentifier
        // The server writes a name with quotes only where it needs them.
        var sql = key.sql
        if isOwn, referenced != key.referenced {
            for former in [key.referenced.postgresSQL, key.referenced.plainSQL] {
                sql = sql.replacing(
                    " REFERENCES \(former)(",
                    with: " REFERENCES \(referenced.postgresSQL)(",
                    maxReplacements: 1
                )
            }
        }
        let isUnchecked = sql.hasSuffix(" NOT VALID")
        do {
            try connection.execute("SAVEPOINT tally_foreign_key")
            try connection.execute(
                "ALTER TABLE \(owner.postgresSQL) ADD CONSTRAINT \(name) \(sql)\(isUnchecked ? "" : " NOT VALID")"
            )
            if !isUnchecked { try connection.execute("ALTER TABLE \(owner.postgresSQL) VALIDATE CONSTRAINT \(name)") }
            try connection.execute("RELEASE SAVEPOINT tally_foreign_key")
            return []
        } catch let error as StoreError {
            guard let postgres = error.postgres, ["23", "42"].contains(postgres.state.prefix(2)) else { throw error }
            try connection.execute("ROLLBACK TO SAVEPOINT tally_foreign_key; RELEASE SAVEPOINT tally_foreign_key")
            return ["foreign key \(key.name) of \(owner) was not made: \(postgres)"]
        }
    }
}

extension TableName {
    /// Without quotes where there is nothing to quote.
    fileprivate var plainSQL: String { "\(schema ?? Self.postgresDefaultSchema).\(name)" }
}
