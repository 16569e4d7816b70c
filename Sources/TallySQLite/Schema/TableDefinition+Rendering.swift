import SQLite
import TallyModel

extension TableDefinition {
    /// The statement that makes a table for rows of `schema`: as its own kind of store would make it where that is
    /// SQLite, otherwise from its columns.
    static func sql(for schema: TableSchema) -> String {
        if let definition = schema.definition, definition.kind == "sqlite", let parsed = Self(definition.table) {
            return parsed.sql(for: schema)
        }
        return GeneratedDefinition(schema).sql
    }

    /// The definition for a table that has the columns of `schema`.
    ///
    /// What mentions a column that is gone goes. What a column is asked to fulfil goes too where the column's values
    /// are computed anew; it then has no type either.
    private func sql(for schema: TableSchema) -> String {
        var rewrite = ColumnRewriting(from: name, to: schema)
        for column in columns where schema.column(folding: rewrite.newName(of: column.name)) == nil {
            rewrite.remove(column.name)
        }
        let kept = columns.filter { !rewrite.isRemoved($0.name) }
        var items = kept.map { sql(of: $0, schema, rewrite) }

        let known = Set(kept.map { rewrite.newName(of: $0.name).asciiFolded })
        let added = schema.columns.filter { !$0.isHidden && !known.contains($0.name.asciiFolded) }
        items += added.map { GeneratedDefinition.sql(of: $0, kind: "sqlite", isStrict: isStrict) }

        let constraints = constraints.compactMap { rewritten($0, rewrite) }
        items += constraints.map(\.sql)
        let isKeyed = (kept.flatMap(\.clauses) + constraints).contains { $0.kind == .primaryKey }
        if !isKeyed, !schema.hasImplicitKey { items.append(GeneratedDefinition.key(of: schema)) }

        let options = options.isEmpty ? "" : " " + options.sql
        return
            "CREATE TABLE \(quoted(schema.name.sqliteName)) (\n    \(items.joined(separator: ",\n    "))\n)\(options)"
    }

    private func sql(of column: ColumnDefinition, _ schema: TableSchema, _ rewrite: ColumnRewriting) -> String {
        let name = rewrite.newName(of: column.name)
        let isComputed = rewrite.isComputed(column.name)
        let isNullable = schema.column(folding: name).map { schema.columns[$0].isNullable } ?? true
        let clauses = column.clauses.compactMap { clause -> ConstraintClause? in
            guard isComputed else { return rewritten(clause, rewrite) }
            switch clause.kind {
            case .check, .generated, .unique, .foreignKey, .nameOnly: return nil
            case .notNull: return isNullable ? nil : clause
            case .primaryKey:
                var clause = clause
                clause.tail.removeAll { $0.isWord("AUTOINCREMENT") }
                return clause
            default: return clause
            }
        }
        let type = isComputed ? (isStrict ? "ANY" : "") : column.type.sql
        return ([quoted(name), type] + clauses.map(\.sql)).filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The clause with the new names; `nil` where it can hold no more.
    private func rewritten(_ clause: ConstraintClause, _ rewrite: ColumnRewriting) -> ConstraintClause? {
        var clause = clause
        if let body = clause.body {
            if rewrite.mentionsRemoved(body) { return nil }
            let mayStay = clause.kind == .primaryKey || clause.kind == .generated
            if !mayStay, rewrite.mentionsComputed(body) { return nil }
            clause.body = rewrite.expression(body)
            if rewrite.mentionsComputed(body) { clause.body?.removeAll { $0.isWord("AUTOINCREMENT") } }
        }
        // A table that refers to itself goes on doing so.
        if clause.kind == .foreignKey, clause.tail.count > 1,
            clause.tail[1].name?.asciiFolded == rewrite.oldTable.asciiFolded
        {
            clause.tail[1] = SQLToken(renaming: clause.tail[1], to: rewrite.newTable)
            var scanner = SQLScanner(clause.tail.dropFirst(2))
            if let parents = scanner.takeParenthesized() {
                if rewrite.mentionsRemoved(Array(parents)) { return nil }
                // After REFERENCES, the table and the parenthesis.
                clause.tail.replaceSubrange(3..<3 + parents.count, with: rewrite.expression(Array(parents)))
            }
        }
        return clause
    }
}

extension TableSchema {
    /// The place of a column whose name is the same to SQLite.
    func column(folding name: String) -> Int? {
        let name = name.asciiFolded
        return columns.firstIndex { $0.name.asciiFolded == name }
    }
}
