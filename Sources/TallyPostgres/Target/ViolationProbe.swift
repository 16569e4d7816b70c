import TallyModel

/// Tries one change in the open transaction to find out what stands against it, and undoes that.
struct ViolationProbe {
    let target: TargetConnection
    let writer: TableWriter

    /// - Throws: What the server says that is not about the row.
    func violation(of change: Change) throws -> Violation? {
        if target.firesTriggers {
            // Checks that were put off are made with the row itself, unless other rows would fail them now.
            do {
                return try probe(change, isImmediate: true)
            } catch is OthersFail {
                return try probe(change, isImmediate: false)
            }
        }
        return try probe(change, isImmediate: false)
    }

    private struct OthersFail: Error {}

    private func probe(_ change: Change, isImmediate: Bool) throws -> Violation? {
        try target.execute("SAVEPOINT tally_probe")
        if isImmediate {
            do {
                try target.execute("SET CONSTRAINTS ALL IMMEDIATE")
            } catch let error as StoreError where error.isAboutRows {
                try undo()
                throw OthersFail()
            }
        }
        do {
            let found = try attempt(change)
            try undo()
            return found
        } catch let error as StoreError where error.isAboutRows {
            try undo()
            return try violation(change, error)
        }
    }

    private func undo() throws {
        try target.execute("ROLLBACK TO SAVEPOINT tally_probe; RELEASE SAVEPOINT tally_probe")
    }

    /// - Returns: What stands against the change that the server has no error for.
    private func attempt(_ change: Change) throws -> Violation? {
        let rows = [change.row]
        switch change.operation {
        case .truncate: return nil
        case .delete: return try send(writer.delete(rows))
        case .insert, .update:
            if let former = change.formerKey { _ = try send(writer.delete(rows, former: [former])) }
            if change.row.isComplete { return try send(writer.insert(rows, or: .write)) }
            let present = change.row.values.indices.filter { change.row.values[$0] != nil }
            if let encoded = writer.update(rows, present), let refusal = try send(encoded) { return refusal }
            let missing = writer.missing(rows)
            guard missing.count > 0, try target.run([missing.command])[0].rowCount > 0 else { return nil }
            return Violation(.other, reason: SliceWriter.incomplete)
        }
    }

    private func send(_ encoded: EncodedRows) throws -> Violation? {
        if let refusal = encoded.refusals.first { return Violation(.other, reason: refusal.reason) }
        if encoded.count > 0 { try target.run([encoded.command]) }
        return nil
    }

    // MARK: What the server refuses

    private func violation(_ change: Change, _ error: StoreError) throws -> Violation {
        guard let refusal = error.postgres else { return Violation(.other, reason: error.reason) }
        var found = Violation(
            refusal.violationKind,
            constraint: refusal.constraint.flatMap { $0.isEmpty ? nil : $0 },
            reason: error.reason
        )
        switch found.kind {
        case .notNull: found.columns = refusal.column.map { [$0] } ?? []
        case .unique:
            guard let name = found.constraint, let obstacle = try writer.obstacle(named: name, in: target) else {
                break
            }
            found.columns = obstacle.columns
            found.foldings = obstacle.foldings
            found.obstacles = try keys(target.run([writer.keys(of: obstacle, inTheWayOf: [change.row])])[0])
        case .check, .foreignKey:
            guard let name = found.constraint else { break }
            found.columns = try columns(of: name, in: refusal.table, whereDeleting: change.operation == .delete)
        case .other: break
        }
        return found
    }

    private func keys(_ result: QueryResult) throws -> [Row] {
        let columns = writer.statements.key.map { writer.statements.fields[$0.field].column }
        return try (0..<result.rowCount).map { try result.row($0, columns, from: 0) }
    }

    /// The columns of the slice's table that a check or a foreign key is about: with a foreign key that keeps a row from
    /// being deleted, those that it refers to.
    private func columns(of constraint: String, in table: String?, whereDeleting isDelete: Bool) throws -> [String] {
        let result = try target.run([
            Command(
                Self.constraintColumns,
                [
                    .integer(writer.target.table.oid), .text(constraint), .text(table ?? ""),
                    .text(isDelete ? "true" : "false"),
                ]
            )
        ])[0]
        return (0..<result.rowCount).compactMap { result.text($0, 0) }
    }

    private static let constraintColumns = """
        WITH tree AS (SELECT $1::oid AS relation UNION SELECT relid::oid FROM pg_partition_tree($1::oid::regclass)),
        named AS (
            SELECT NOT ($4::bool AND c.contype = 'f') AS is_own, c.* FROM pg_constraint c
            JOIN pg_class t ON t.oid = c.conrelid
            WHERE c.conname = $2 AND t.relname = $3 AND c.contype IN ('c', 'f') AND
                CASE WHEN $4::bool AND c.contype = 'f' THEN c.confrelid ELSE c.conrelid END
                    IN (SELECT relation FROM tree)
            ORDER BY c.oid LIMIT 1
        )
        SELECT a.attname FROM named AS c
        CROSS JOIN LATERAL unnest(CASE WHEN is_own THEN conkey ELSE confkey END) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attnum = k.number AND a.attrelid = CASE WHEN is_own THEN conrelid ELSE confrelid END
        ORDER BY k.place
        """
}

extension PostgresError {
    fileprivate var violationKind: Violation.Kind {
        switch state {
        case "23505", "23P01": .unique
        case "23503": .foreignKey
        case "23514", "44000": .check
        case "23502": .notNull
        default: .other
        }
    }
}

extension QueryResult {
    /// Values of one answer, which came as text, read as the columns' types.
    ///
    /// - Parameter first: Where in the answer the first of them is.
    func row(_ row: Int, _ columns: [PostgresColumn], from first: Int) throws -> Row {
        try Row(
            columns.enumerated().map { place, column in
                guard !isNull(row, first + place) else { return .null }
                return try withBytes(row, first + place) {
                    try ValueDecoding.decodeText($0, as: column.shape, typeName: column.typeName)
                }
            }
        )
    }
}
