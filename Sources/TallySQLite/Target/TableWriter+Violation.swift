import SQLite
import TallyModel

extension TableWriter {
    /// What keeps a change from being applied now; it is tried, and undone.
    ///
    /// - Parameter schema: That of the slice's table.
    func violation(of change: Change, in schema: TableSchema) throws -> Violation? {
        if change.operation == .truncate { return nil }
        if change.operation != .delete, let found = keyViolation(of: change.row, in: schema) { return found }
        return try undone {
            do {
                guard let broken = try attempt(change) else { return nil }
                return try violation(broken, of: change.row, in: schema)
            } catch let error as StoreError {
                // What a value itself breaks, such as the limit on its size.
                guard let cause = error.cause as? SQLiteError, cause.isConstraint else { throw error }
                return Violation(.other, reason: cause.message)
            }
        }
    }

    /// Runs `body` and leaves nothing behind. What it throws ends in a rollback of the whole transaction.
    private func undone<Result>(_ body: () throws -> Result) throws -> Result {
        try connection.execute("SAVEPOINT tally_probe")
        let result = try body()
        try connection.execute("ROLLBACK TO tally_probe; RELEASE tally_probe")
        return result
    }

    private func keyViolation(of row: Row, in schema: TableSchema) -> Violation? {
        guard let problem = keyProblem(of: row) else { return nil }
        let nulls = mapping.key.filter { row[$0] == .null }
        return nulls.isEmpty
            ? Violation(.other, reason: problem)
            : Violation(.notNull, columns: nulls.map { schema.columns[$0].name }, reason: problem)
    }

    // MARK: Trying

    /// Why SQLite refuses the change.
    private enum Broken {
        case constraint(SQLiteError)
        case incomplete
    }

    private func attempt(_ change: Change) throws -> Broken? {
        if change.operation == .delete { return try delete(change.row.picking(mapping.key)) }
        if let former = change.formerKey, let broken = try delete(former) { return broken }
        let upsert = try statement(.upsert)
        if try bind(change.row, to: upsert) { return try upsert.write().map(Broken.constraint) }
        let present = mapping.rest.filter { change.row[mapping.written[$0]] != nil }
        guard !present.isEmpty else { return nil }
        let update = try connection.prepare(mapping.update(or: .abort, present))
        for place in mapping.written.indices {
            if let value = change.row[mapping.written[place]] { try update.bind(value, at: place + 1) }
        }
        if let broken = try update.write() { return .constraint(broken) }
        return connection.changes > 0 ? nil : .incomplete
    }

    private func delete(_ key: Row) throws -> Broken? {
        let statement = try statement(.delete)
        for (place, value) in key.values.enumerated() { try statement.bind(value ?? .null, at: place + 1) }
        return try statement.write().map(Broken.constraint)
    }

    // MARK: Telling why

    private func violation(_ broken: Broken, of row: Row, in schema: TableSchema) throws -> Violation {
        guard case .constraint(let error) = broken else { return Violation(.other, reason: Self.incomplete) }
        var found = Violation(error.violationKind, reason: error.message)
        guard let table = try Catalog.table(mapping.table.sqliteName, in: connection) else { return found }
        switch found.kind {
        case .unique:
            guard let held = try GivenRow(row, for: self, in: table)?.obstacles(beside: schema) else { break }
            found.constraint = held.index.givenName
            found.columns = held.index.terms.compactMap(\.column)
            found.foldings = held.index.foldings
            found.obstacles = held.keys
        case .notNull: found.columns = error.subject.map { [String($0.dropFirst(table.name.name.count + 1))] } ?? []
        case .check:
            guard let subject = error.subject, let check = CheckClause(subject, of: table) else { break }
            found.constraint = check.name
            found.columns = check.columns
        case .foreignKey, .other: break
        }
        found.columns = found.columns.map { name in schema.column(folding: name).map { schema.columns[$0].name } ?? name
        }
        return found
    }
}

extension SQLiteError {
    /// By the extended result codes (https://www.sqlite.org/rescode.html), which Swift does not import.
    fileprivate var violationKind: Violation.Kind {
        if isDuplicate { return .unique }
        guard isConstraint else { return .other }
        return switch code >> 8 {
        case 1: .check
        case 3: .foreignKey
        case 5: .notNull
        default: .other
        }
    }

    /// What the message names: `t.a` of `NOT NULL constraint failed: t.a`. SQLite says it nowhere else.
    fileprivate var subject: String? {
        message.firstRange(of: "failed: ").map { String(message[$0.upperBound...]) }
    }
}

/// A CHECK constraint of a table, found by what SQLite's message calls it: by its name, or by its expression.
private struct CheckClause {
    var name: String?
    var columns: [String]

    init?(_ subject: String, of table: TableSchema) {
        guard let text = table.definition?.table, let definition = TableDefinition(text) else { return nil }
        let all = (definition.columns.flatMap(\.clauses) + definition.constraints).filter { $0.kind == .check }
        let named = all.first { $0.label.last?.name == subject }
        guard let clause = named ?? all.first(where: { $0.body?.sql.trimmed == subject.trimmed }) else { return nil }
        name = named == nil ? nil : subject
        let body = clause.body ?? []
        columns = definition.columns.map(\.name).filter { ColumnRewriting.mentions([$0.asciiFolded], in: body) }
    }
}

extension String {
    fileprivate var trimmed: Substring {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

extension UniqueIndex {
    /// `nil` where SQLite made the name up for a constraint.
    fileprivate var givenName: String? { name.isEmpty || name.hasPrefix("sqlite_autoindex_") ? nil : name }

    /// See ``Violation/foldings``.
    fileprivate var foldings: [TextFolding]? {
        guard condition == nil else { return nil }
        let foldings = terms.compactMap { $0.column == nil ? nil : $0.folding }
        return foldings.count == terms.count ? foldings : nil
    }
}
