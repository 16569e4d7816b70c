import TallyModel

/// A unique or exclusion constraint that keeps a row from being written, because another row stands in its way.
struct Obstacle: Sendable {
    /// What is compared: columns or expressions over the table's columns, each with the operator that must not hold
    /// between two rows.
    var terms: [(expression: String, operator: String)]
    /// Which rows it is about; `nil` for all.
    var condition: String?
}

extension TableWriter {
    /// What a refusal speaks of; `nil` where rows must not give way.
    ///
    /// Only a constraint of the source, too, may remove a row: only then is the stream certain to bring it again.
    func obstacle(of error: StoreError, in target: TargetConnection) throws -> Obstacle? {
        guard let refusal = error.postgres, refusal.isUniqueViolation || refusal.state == "23P01",
            let name = refusal.constraint, try sharesConstraint(name, in: target)
        else { return nil }
        let result = try target.run([
            Command(
                """
                SELECT pg_get_indexdef(i.indexrelid, k.place::int, true),
                    coalesce('OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')', '='),
                    pg_get_expr(i.indpred, i.indrelid, true)
                FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
                LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype = 'x'
                CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) AS k(place)
                LEFT JOIN pg_operator o ON o.oid = c.conexclop[k.place]
                LEFT JOIN pg_namespace n ON n.oid = o.oprnamespace
                WHERE i.indrelid = $1 AND x.relname = $2 ORDER BY k.place
                """,
                [.integer(self.target.table.oid), .text(name)]
            )
        ])[0]
        guard result.rowCount > 0 else { return nil }
        let terms = (0..<result.rowCount).map { row in
            (expression: result.text(row, 0) ?? "NULL", operator: result.text(row, 1) ?? "=")
        }
        return Obstacle(terms: terms, condition: result.text(0, 2))
    }

    /// Deletes the rows that keep one row from being written.
    func delete(_ obstacle: Obstacle, inTheWayOf rows: [Row]) -> Command {
        let encoded = insert(rows, or: .refuse)
        let casts = encoded.casts
        // The row under the names of the table's columns, so that expressions over them can be asked of it.
        let columns = statements.fields.indices.map {
            "\(statements.value($0, casts)) AS \(statements.fields[$0].name)"
        }
        let given = "(SELECT \(columns.joined(separator: ", ")) FROM \(statements.source(columns.count))) AS given"
        let terms = obstacle.terms.map { term in
            "(\(term.expression)) \(term.operator) (SELECT \(term.expression) FROM \(given))"
        }
        let key = statements.key.map { part in
            let name = statements.fields[part.field].name
            return "\(name) \(part.equals) (SELECT \(name) FROM \(given))"
        }
        var conditions = terms + ["NOT (\(key.joined(separator: " AND ")))"]
        if let condition = obstacle.condition { conditions.append("(\(condition))") }
        return Command(
            "DELETE FROM \(statements.rows) WHERE \(conditions.joined(separator: " AND "))",
            encoded.command.parameters,
            isKept: false
        )
    }
}
