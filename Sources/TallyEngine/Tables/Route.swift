package import TallyModel
package import TallyTransform

/// The way of one table's rows, as captured under one structure, into the target.
///
/// A structure may be older than the one the target was brought to (rows captured before an `ALTER TABLE`): columns are
/// matched by id, so that a renamed column goes where it is now, and one that is gone goes nowhere.
///
/// A class because every change looks it up: a struct of two schemas would be copied, field by field, each time.
package final class Route {
    /// The table as the target is to have it.
    package let output: TableSchema
    private let captured: TableSchema
    /// The captured columns that are sent; `nil` for all.
    private let sent: [Int]?
    private let transform: RowTransform

    /// - Throws: ``StoreError`` with code `incompatibleSchema` when the transform does not fit the table.
    package init(
        _ captured: TableSchema,
        adopted: TableSchema,
        ignored: Set<Int>,
        settings: TransformSettings
    ) throws {
        let present = Dictionary(uniqueKeysWithValues: adopted.columns.map { ($0.id, $0) })
        let isCurrent = captured.version == adopted.version
        let kept = captured.columns.indices.filter { index in
            let id = captured.columns[index].id
            return !ignored.contains(id) && (isCurrent || present[id] != nil)
        }
        var schema = captured
        schema.columns = kept.map { index in
            var column = captured.columns[index]
            column.name = present[column.id]?.name ?? column.name
            return column
        }
        schema.key = captured.key.compactMap { key in kept.firstIndex(of: key) }
        if !ignored.isEmpty {
            schema.definition?.removed += captured.columns.filter { ignored.contains($0.id) }.map(\.name)
        }
        guard schema.key.count == captured.key.count else {
            throw StoreError(
                .incompatibleSchema,
                "the key of the table has changed; `tally resync FLOW \(captured.name)` loads it anew",
                table: captured.name
            )
        }
        self.captured = captured
        sent = kept.count == captured.columns.count ? nil : kept
        do {
            transform = try RowTransform(settings, schema: schema)
        } catch {
            throw StoreError(
                .incompatibleSchema,
                "the transform does not fit the table: \(error). Mend it in tally.yaml and start again, then "
                    + "`tally resume FLOW \(captured.name)`",
                table: captured.name,
                cause: error
            )
        }
        output = transform.output
    }

    /// Whether every row passes exactly as it is.
    var passesRows: Bool { sent == nil && transform.isIdentity }

    /// The row as the target is to hold it; `nil` when the transform's `where` does not let it in.
    package func row(_ row: Row) throws(TransformFailure) -> Row? {
        try transform.row(sent.map(row.picking) ?? row)
    }

    /// A change as the target is to see it.
    ///
    /// A row that `where` does not let in is deleted: it may have been let in before.
    package func change(_ change: Change) throws(TransformFailure) -> Change {
        var result = change
        switch change.operation {
        case .truncate: break
        case .delete: result.row = key(change.row)
        case .insert, .update:
            if let row = try row(change.row) {
                result.row = row
            } else {
                result.operation = .delete
                result.row = key(change.row)
                if let formerKey = change.formerKey {
                    // The row that was let in before, if any, is the one under its former key.
                    for (place, column) in output.key.enumerated() { result.row[column] = formerKey[place] }
                    result.formerKey = nil
                }
            }
        }
        return result
    }

    /// The key values of a captured row, in key order.
    package func keyValues(_ row: Row) -> Row { row.picking(captured.key) }

    private func key(_ row: Row) -> Row {
        transform.key(sent.map(row.picking) ?? row)
    }
}
