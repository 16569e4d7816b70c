import TallyModel

/// What has to be in the database before a table.
extension TableMaker {
    /// Asks before it makes one: `IF NOT EXISTS` wants the right to make it all the same.
    func ensureSchema(_ name: String) throws {
        let found = try connection.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [.text(name)])
        if found.rowCount == 0 {
            try run("CREATE SCHEMA IF NOT EXISTS \(name.postgresIdentifier)", "make schema \(name)")
        }
    }

    /// Makes what is not there. A type that is there is taken to be right; an enum gets the labels it lacks.
    func provide(_ prerequisites: [Prerequisite]) throws {
        for what in prerequisites {
            if let namespace = what.name?.schema { try ensureSchema(namespace) }
            switch what {
            case .installed(let name): try install(name)
            case .collation(let name, _):
                if try !isThere(name, in: "pg_collation", "coll") { try run(what.sql, "make \(what.summary)") }
            case .enumeration(let name, let labels):
                if try isThere(name, in: "pg_type", "typ") {
                    try addLabels(labels, to: name)
                } else {
                    try run(what.sql, "make \(what.summary)")
                }
            case .domain(let name, _), .composite(let name, _), .range(let name, _):
                if try !isThere(name, in: "pg_type", "typ") { try run(what.sql, "make \(what.summary)") }
            }
        }
    }

    private func install(_ name: String) throws {
        let found = try connection.query("SELECT 1 FROM pg_extension WHERE extname = $1", [.text(name)])
        guard found.rowCount == 0 else { return }
        do {
            try connection.execute("CREATE EXTENSION IF NOT EXISTS \(name.postgresIdentifier)")
        } catch let error as StoreError {
            guard error.postgres != nil else { throw error }
            throw incompatible(
                "\(connection.label): the table needs the extension \(name), which could not be installed: "
                    + "\(error.postgres?.description ?? error.message); install it on the server and run "
                    + "CREATE EXTENSION \(name.postgresIdentifier) as a superuser",
                error
            )
        }
    }

    private func addLabels(_ labels: [String], to type: TableName) throws {
        let rows = try connection.query(
            """
            SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
            JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1 AND t.typname = $2
            """,
            [.text(type.schema ?? TableName.postgresDefaultSchema), .text(type.name)]
        )
        let held = Set((0..<rows.rowCount).compactMap { rows.text($0, 0) })
        for (place, label) in labels.enumerated() where !held.contains(label) {
            let position =
                place == 0
                ? (held.isEmpty ? "" : "BEFORE \(labels.first { held.contains($0) }?.postgresLiteral ?? "")")
                : "AFTER \(labels[place - 1].postgresLiteral)"
            let order = position.hasSuffix(" ") ? "" : " \(position)"
            try run(
                "ALTER TYPE \(type.postgresSQL) ADD VALUE IF NOT EXISTS \(label.postgresLiteral)\(order)",
                "add a label to type \(type)"
            )
        }
    }

    /// - Returns: Those that were not there.
    func provide(_ sequences: [TableBlueprint.Sequence]) throws -> [TableBlueprint.Sequence] {
        try sequences.filter { sequence in
            if let namespace = sequence.name.schema { try ensureSchema(namespace) }
            guard try isFree(sequence.name) else { return false }
            let statement = "CREATE SEQUENCE \(sequence.name.postgresSQL) \(sequence.options)"
            try run(statement, "make sequence \(sequence.name)")
            return true
        }
    }

    /// Whether no table, index, sequence or view has the name.
    func isFree(_ name: TableName) throws -> Bool { try !isThere(name, in: "pg_class", "rel") }

    private func isThere(_ name: TableName, in catalog: String, _ prefix: String) throws -> Bool {
        let result = try connection.query(
            """
            SELECT 1 FROM \(catalog) c JOIN pg_namespace n ON n.oid = c.\(prefix)namespace
            WHERE n.nspname = $1 AND c.\(prefix)name = $2
            """,
            [.text(name.schema ?? TableName.postgresDefaultSchema), .text(name.name)]
        )
        return result.rowCount > 0
    }
}
