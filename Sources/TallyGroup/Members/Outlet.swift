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

    /// What a member is to be sent of some rows.
    struct Load {
        var slice: Slice
        /// For each change of the slice, the place of its row among the rows.
        var rows: [Int] = []
        /// Rows that the member is not sent, by their places, and why.
        var unfit: [Rejection] = []
    }

    private let tables: [GroupTable]
    private let forms: [Form]
    /// The member's own tables.
    private let members: [TableSchema]
    private let expressions: any MergeExpressions
    /// Whether the member holds nothing but values of its columns' types, and reads texts as such.
    private let isTyped: Bool

    /// - Parameters:
    ///   - schemas: The member's tables, by the group's numbers.
    ///   - kind: The kind of store that the member is.
    init(_ tables: [GroupTable], schemas: [TableSchema], kind: String, expressions: any MergeExpressions) {
        self.tables = tables
        self.expressions = expressions
        members = schemas
        isTyped = kind != "sqlite"
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

    /// What brings a member's rows to what they are in the group.
    func load(_ rows: some Collection<DueRow>) throws -> Load {
        var load = Load(slice: Slice(tables: forms.map(\.schema), changes: [], end: nil, byteCount: 0))
        load.slice.changes.reserveCapacity(rows.count)
        for (place, row) in rows.enumerated() {
            let outcome = try shown(row)
            if let reason = outcome.flatMap({ problem(with: $0, of: row.id.table) }) {
                load.unfit.append(Rejection(index: place, reason: reason))
                continue
            }
            for change in try outcome.map({ try [change(row, to: $0)] }) ?? deletes(row) {
                load.slice.byteCount += change.byteCount
                load.slice.changes.append(change)
                load.rows.append(place)
            }
        }
        return load
    }

    /// A slice that takes rows out of a member.
    func removal(of rows: [DueRow]) throws -> Slice {
        let changes = try rows.flatMap(deletes)
        let bytes = changes.reduce(0) { $0 + $1.byteCount }
        return Slice(tables: forms.map(\.schema), changes: changes, end: nil, byteCount: bytes)
    }

    func table(_ row: RowID) -> GroupTable { tables[row.table] }

    /// What the group makes of a row without the one that it refers to; `nil` where it cannot tell which that is.
    func breach(_ orphan: Orphan) -> FoundBreach? {
        guard let child = tables.first(where: { $0.schema.name == orphan.table }),
            let parent = tables.first(where: { $0.schema.name == orphan.parent })
        else { return nil }
        return FoundBreach(orphan, child: child, childSchema: members[child.number], parent: parent)
    }

    /// What the group makes of two rows that only one of may be there.
    func breach(_ duplicate: Duplicate) -> FoundBreach? {
        tables.first { $0.schema.name == duplicate.table }.map { FoundBreach(duplicate, in: $0) }
    }

    /// A store that reads texts as values of a type may read another value in one than the group does, such as `now`.
    private func problem(with row: Row, of table: Int) -> String? {
        guard isTyped, let column = tables[table].values.foreign(row) else { return nil }
        let name = tables[table].schema.columns[column]
        return "column \(name.name): the value does not read as one of type \(name.declaredType)"
    }

    private func change(_ due: DueRow, to outcome: Row) throws -> Change {
        let form = forms[due.id.table]
        var row = outcome
        if form.columns.count != row.values.count { row = row.picking(form.columns.filter { $0 < row.values.count }) }
        let missing = form.schema.columns.count - row.values.count
        if missing > 0 { row.values += [Value?](repeating: nil, count: missing) }
        guard let spelling = due.spelling else {
            return Change(due.isNew ? .insert : .update, table: due.id.table, row: row)
        }
        // Where both are there, this makes one of them.
        let former = due.mayBeTwice ? row.picking(form.schema.key) : nil
        for (place, value) in zip(form.schema.key, try KeyCoding.decode(spelling).values) { row[place] = value }
        return Change(.update, table: due.id.table, row: row, formerKey: former)
    }

    private func deletes(_ due: DueRow) throws -> [Change] {
        let form = forms[due.id.table]
        let keys = [due.spelling, due.spelling == nil || due.mayBeTwice ? due.id.key : nil]
        return try keys.compactMap(\.self).map { bytes in
            var key = Row([Value?](repeating: nil, count: form.schema.columns.count))
            for (place, value) in zip(form.schema.key, try KeyCoding.decode(bytes).values) { key[place] = value }
            return Change(.delete, table: due.id.table, row: key)
        }
    }

    private func shown(_ due: DueRow) throws -> Row? {
        switch due.content {
        case .plain(let row): return row.row
        case .merged(let state):
            return try state.outcome(under: tables[due.id.table].merge.rules, evaluating: expressions).row
        }
    }
}
