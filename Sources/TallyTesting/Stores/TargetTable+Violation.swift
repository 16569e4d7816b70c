import TallyModel

extension TargetTable {
    /// What keeps a row, in this table's places, from being put now.
    ///
    /// - Parameters:
    ///   - former: The key that the row had before, where it had another one.
    ///   - isComplete: Whether all that was sent is known.
    func violation(
        of row: Row,
        former: Row?,
        isComplete: Bool,
        accepts: (TableSchema, Row) -> Bool
    ) -> Violation? {
        let key = key(of: row)
        let nulls = schema.keyColumns.indices.filter { key[$0] == nil || key[$0] == .null }
        guard nulls.isEmpty else {
            return Violation(.notNull, columns: nulls.map { schema.keyColumns[$0].name }, reason: "NULL in the key")
        }
        let existing = rows[key] ?? former.flatMap { rows[$0] }
        if existing == nil, !isComplete {
            return Violation(.other, reason: "the row is not there and the change does not hold all of its columns")
        }
        let new = (existing ?? Row(schema.columns.map { _ in .null })).overlaid(by: row)
        guard accepts(schema, new) else { return Violation(.check, reason: "CHECK constraint failed") }
        guard let unique, let place = schema.column(named: unique), let value = new[place], value != .null else {
            return nil
        }
        let others = rows.filter { $0.key != key && $0.key != former && $0.value[place] == value }.keys
        if others.isEmpty { return nil }
        return Violation(
            .unique,
            columns: [unique],
            obstacles: others.sorted(by: KeyOrder.isBefore),
            reason: "UNIQUE constraint failed"
        )
    }
}
