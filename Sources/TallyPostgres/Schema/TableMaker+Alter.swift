package import TallyModel

/// Steps that bring the table to another structure.
extension TableMaker {
    /// Takes steps; one that was taken already, by Tally or by the user, is passed over.
    package func alter(_ steps: [TableAlteration]) throws {
        for step in steps {
            guard let existing = try PostgresCatalog.table(named: table, in: connection) else {
                throw StoreError(
                    .missingTable,
                    "\(connection.label) has no table \(table) with a key",
                    table: table
                )
            }
            let names = try columnNames()
            switch step {
            case .add(let column, let definition):
                if !names.contains(column.name) { try add(column, definition) }
            case .retype(let column, let definition):
                if let held = existing.schema.columns.first(where: { $0.name == column.name }) {
                    try retype(held, to: column, definition)
                }
            case .rename(let old, let new):
                if !names.contains(old), names.contains(new) { continue }
                try run(
                    "ALTER TABLE \(table.postgresSQL) RENAME COLUMN \(old.postgresIdentifier) TO \(new.postgresIdentifier)",
                    "rename column \(old)"
                )
            case .drop(let column):
                if names.contains(column) { try drop(column) }
            }
        }
    }

    /// Generated ones too, which the catalog does not list.
    private func columnNames() throws -> Set<String> {
        let result = try connection.query(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
            [.text(table.postgresSQL)]
        )
        return Set((0..<result.rowCount).compactMap { result.text($0, 0) })
    }

    /// Adds a column. Rows that are there get the default only where it is a literal; what another default would
    /// compute here is not what it computed at the source, so they get NULL, until the source's rows bring the values.
    private func add(_ column: Column, _ definition: NativeDefinition?) throws {
        let blueprint = try TableBlueprint(definition)
        if let blueprint {
            try provide(blueprint.prerequisites)
            _ = try provide(blueprint.sequences.filter { !$0.isIdentity && $0.owner == column.id })
        }
        let isNative = definition?.kind == TableBlueprint.kind && !column.declaredType.isEmpty
        let name = column.name.postgresIdentifier
        var clause = "\(name) \(PostgresType.of(column, kind: definition?.kind))"
        let collation = blueprint.map { $0.columns.first { $0.number == column.id }?.collation } ?? column.collation
        if isNative, let collation { clause += " COLLATE \(collation)" }
        let literal = isNative && column.hasLiteralDefault ? column.defaultExpression : nil
        if let literal {
            clause += " DEFAULT \(literal)"
            let isNull = literal.uppercased().hasPrefix("NULL")
            if !column.isNullable, !isNull { clause += " NOT NULL" }
        }
        try run("ALTER TABLE \(table.postgresSQL) ADD COLUMN \(clause)", "add column \(column.name)")
        let isIdentity = blueprint?.columns.contains { $0.number == column.id && $0.identity != nil } ?? false
        guard isNative, !isIdentity, literal == nil, let expression = column.defaultExpression else { return }
        // It matters to others who write to the table, not to the rows that come: without it the copy still agrees.
        try attempt("ALTER TABLE \(table.postgresSQL) ALTER COLUMN \(name) SET DEFAULT \(expression)")
    }

    private func retype(_ held: Column, to column: Column, _ definition: NativeDefinition?) throws {
        let type = PostgresType.of(column, kind: definition?.kind)
        guard definition?.kind == TableBlueprint.kind, !column.declaredType.isEmpty, held.declaredType != type else {
            return
        }
        let blueprint = try TableBlueprint(definition)
        if let blueprint { try provide(blueprint.prerequisites) }
        let name = column.name.postgresIdentifier
        let head = "ALTER TABLE \(table.postgresSQL) ALTER COLUMN \(name)"
        if held.defaultExpression != nil { try attempt("\(head) DROP DEFAULT") }
        let own = blueprint?.columns.first { $0.number == column.id }?.collation
        let collation = own.map { " COLLATE \($0)" } ?? ""
        // Not every type can be cast to every other; as text all can be read again.
        if try !attempt("\(head) TYPE \(type)\(collation) USING \(name)::\(type)") {
            try run(
                "\(head) TYPE \(type)\(collation) USING \(name)::text::\(type)",
                "change the type of \(column.name)"
            )
        }
        if let expression = column.defaultExpression, held.defaultExpression != nil {
            try attempt("\(head) SET DEFAULT \(expression)")
        }
    }

    /// Generated columns that are computed from the column go first, as they did at the source.
    private func drop(_ column: String) throws {
        let dependents = try connection.query(
            """
            SELECT DISTINCT g.attname FROM pg_attribute a
            JOIN pg_depend u ON u.refclassid = 'pg_class'::regclass AND u.refobjid = a.attrelid AND u.refobjsubid = a.attnum
            LEFT JOIN pg_attrdef d ON u.classid = 'pg_attrdef'::regclass AND d.oid = u.objid
            JOIN pg_attribute g ON g.attrelid = a.attrelid AND g.attgenerated <> '' AND g.attnum <> a.attnum
                AND (g.attnum = d.adnum OR (u.classid = 'pg_class'::regclass AND u.objid = a.attrelid
                    AND g.attnum = u.objsubid))
            WHERE a.attrelid = $1::regclass AND a.attname = $2
            """,
            [.text(table.postgresSQL), .text(column)]
        )
        let generated = (0..<dependents.rowCount).compactMap { dependents.text($0, 0) }
        for name in generated + [column] {
            try run("ALTER TABLE \(table.postgresSQL) DROP COLUMN \(name.postgresIdentifier)", "drop column \(name)")
        }
    }

    /// - Returns: Whether the server took the statement. Where it refused it, nothing has happened.
    @discardableResult
    private func attempt(_ sql: String) throws -> Bool {
        try connection.execute("SAVEPOINT tally_attempt")
        do {
            try connection.execute(sql)
            try connection.execute("RELEASE SAVEPOINT tally_attempt")
            return true
        } catch let error as StoreError
            where error.postgres.map({ ["0A", "22", "23", "2B", "42"].contains($0.state.prefix(2)) }) == true
        {
            try connection.execute("ROLLBACK TO SAVEPOINT tally_attempt; RELEASE SAVEPOINT tally_attempt")
            return false
        }
    }
}
