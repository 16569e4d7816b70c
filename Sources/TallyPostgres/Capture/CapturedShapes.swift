import TallyModel

/// The shapes of a source as one flow reads them: which it wants, and what structure each captured row has.
struct CapturedShapes {
    /// How the fields of a captured row make a row of a table.
    final class Layout {
        let schema: TableSchema
        let columns: [PostgresColumn]
        /// For each column, its field; `nil` where the row was captured before there was such a column.
        let fields: [Int?]
        /// The fields of the key, in key order.
        let key: [Int]

        init?(_ shape: Shape, numbers: [Int16]) {
            schema = shape.schema
            columns = shape.table.columns
            fields = columns.map { numbers.firstIndex(of: $0.number) }
            let key = shape.schema.key.compactMap { [fields] in fields[$0] }
            guard key.count == shape.schema.key.count else { return nil }
            self.key = key
        }
    }

    enum Reading {
        case layout(Layout)
        /// The row is to be passed over: its table is not the flow's, or is loaded anew later than it.
        case ignored
    }

    private let shapes: [Int: Shape]
    private let selection: TableSelection

    init(_ shapes: [Shape], selection: TableSelection) {
        self.shapes = Dictionary(uniqueKeysWithValues: shapes.map { ($0.id, $0) })
        self.selection = selection
    }

    /// The relations whose structure has to be watched.
    var relations: [UInt32] { shapes.values.filter { $0.until == nil }.map(\.relation).sorted() }

    /// The tables as a snapshot has them.
    func tables(in snapshot: ServerSnapshot) -> [TableName: Shape] {
        let holding = shapes.values.filter { $0.holds(in: snapshot) && selection.contains($0.name) }
        return Dictionary(holding.map { ($0.name, $0) }) { $0.id > $1.id ? $0 : $1 }
    }

    /// The newest shape of a table.
    func latest(_ name: TableName) -> Shape? {
        shapes.values.filter { $0.name == name && $0.until == nil }.max { $0.id < $1.id }
    }

    /// What changed between two snapshots: what is to be said before the rows of that time, and what after them.
    func changes(from former: ServerSnapshot, to current: ServerSnapshot) -> (
        before: [SchemaChange], after: [SchemaChange]
    ) {
        let known = tables(in: former)
        let present = tables(in: current)
        var before: [SchemaChange] = []
        for (name, shape) in present.sorted(by: { $0.key < $1.key }) {
            guard let old = known[name] else {
                before.append(.created(shape.schema))
                continue
            }
            let steps = shapes.values.filter { $0.id > old.id && $0.id <= shape.id && $0.name == name }
            if let reason = steps.sorted(by: { $0.id < $1.id }).compactMap(\.reason).last {
                before.append(.invalidated(shape.schema, reason: reason))
            } else if old.schema.version != shape.schema.version {
                before.append(.altered(from: old.schema, to: shape.schema))
            }
        }
        return (before, known.keys.filter { present[$0] == nil }.sorted().map(SchemaChange.dropped))
    }

    /// Says what structure a row has.
    ///
    /// - Parameters:
    ///   - id: The shape whose function captured it.
    ///   - relation: The table, or the partition, that it was captured in.
    ///   - count: How many fields it has; `nil` for a truncation.
    ///   - given: What the stream gave before: a shape that this sees is that of every row which it does not see.
    func reading(_ id: Int, in relation: UInt32, count: Int?, after given: ServerSnapshot) throws -> Reading {
        guard var shape = shapes[id] else { throw unknown(id) }
        guard selection.contains(shape.name) else { return .ignored }
        let isLoadedLater = shapes.values.contains { later in
            later.id > id && later.reason != nil && (later.relation == shape.relation || later.name == shape.name)
                && !given.contains(later.since)
        }
        if isLoadedLater { return .ignored }
        let next = shapes.values.filter { $0.relation == shape.relation && $0.id > id }.min { $0.id < $1.id }
        if let next, given.contains(next.since), selection.contains(next.name) { shape = next }
        let numbers = shape.fields(in: relation)
        guard let count, count != numbers.count else { return try reading(shape, numbers) }
        guard let next else { throw unknown(id) }
        let newer = next.fields(in: relation)
        guard count <= newer.count, next.id != shape.id || count < newer.count else { throw unknown(id) }
        return try reading(next, Array(newer.prefix(count)))
    }

    private func reading(_ shape: Shape, _ numbers: [Int16]) throws -> Reading {
        guard let layout = Layout(shape, numbers: numbers) else { throw unknown(shape.id) }
        return .layout(layout)
    }

    private func unknown(_ id: Int) -> StoreError {
        StoreError(
            .damaged,
            "the log of changes holds a row of table structure \(id), which does not fit what is recorded of it",
            remedy: .beginAgain
        )
    }
}
