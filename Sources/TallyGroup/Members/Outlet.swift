import TallyLedger
import TallyMerge
import TallyModel

/// Turns rows of the group into changes for one member.
struct Outlet {
    /// One table as the member takes it: the group's columns that it has.
    private struct Form {
        let schema: TableSchema
        let columns: [Int]
    }

    private let tables: [GroupTable]
    private let forms: [Form]
    private let expressions: any MergeExpressions

    /// - Parameter schemas: The member's tables, by the group's numbers.
    init(_ tables: [GroupTable], schemas: [TableSchema], expressions: any MergeExpressions) {
        self.tables = tables
        self.expressions = expressions
        forms = zip(tables, schemas).map { table, theirs in
            let columns = table.schema.columns.indices.filter { index in
                guard let place = theirs.column(named: table.schema.columns[index].name) else { return false }
                return !theirs.columns[place].isGenerated
            }
            var schema = table.schema
            schema.columns = columns.map { table.schema.columns[$0] }
            schema.key = table.schema.key.compactMap { columns.firstIndex(of: $0) }
            return Form(schema: schema, columns: columns)
        }
    }

    /// A slice that brings a member's rows to what they are in the group.
    func slice(_ rows: some Collection<DueRow>) throws -> Slice {
        var changes: [Change] = []
        changes.reserveCapacity(rows.count)
        var bytes = 0
        for row in rows {
            let change = try change(row)
            bytes += change.byteCount
            changes.append(change)
        }
        return Slice(tables: forms.map(\.schema), changes: changes, end: nil, byteCount: bytes)
    }

    private func change(_ due: DueRow) throws -> Change {
        let table = tables[due.id.table]
        let form = forms[due.id.table]
        let outcome = try due.state.outcome(under: table.merge.rules, evaluating: expressions)
        guard var row = outcome.row else {
            var key = Row([Value?](repeating: nil, count: form.schema.columns.count))
            for (place, value) in zip(form.schema.key, try RowCoding.decode(due.id.key).values) { key[place] = value }
            return Change(.delete, table: due.id.table, row: key)
        }
        if form.columns.count != row.values.count { row = row.picking(form.columns.filter { $0 < row.values.count }) }
        let missing = form.schema.columns.count - row.values.count
        if missing > 0 { row.values += [Value?](repeating: nil, count: missing) }
        return Change(due.isNew ? .insert : .update, table: due.id.table, row: row)
    }
}
