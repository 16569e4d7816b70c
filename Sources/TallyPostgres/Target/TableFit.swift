import TallyModel

/// How a table of the target takes the rows of a schema: which column is whose, and what is in the way.
struct TableFit: Sendable {
    let schema: TableSchema
    let target: TargetTable
    /// For each column of the schema its place among the target's.
    let places: [Int?]
    /// The index of the target that tells rows apart as the schema's key does.
    let keyIndex: TargetTable.UniqueIndex?

    init(_ schema: TableSchema, in target: TargetTable) {
        self.schema = schema
        self.target = target
        let places = schema.columns.map { column in target.schema.column(named: column.name) }
        self.places = places
        let key = schema.key.map { places[$0].map { target.table.columns[$0].number } }
        let wanted = Set(key.compactMap { $0 })
        keyIndex =
            wanted.count == key.count
            ? target.uniqueIndexes.first { $0.columns.count == wanted.count && Set($0.columns) == wanted } : nil
    }

    /// The schema's columns that the target computes by itself.
    var computed: Set<Int> {
        Set(schema.columns.indices.filter { target.generatedColumns.contains(schema.columns[$0].name) })
    }

    /// Why the rows cannot be written; `nil` when they can.
    var problem: String? { missingProblem ?? keyProblem }

    var missingProblem: String? {
        let computed = computed
        let missing = schema.columns.indices.filter { places[$0] == nil && !computed.contains($0) }
        guard !missing.isEmpty else { return nil }
        let names = missing.map { schema.columns[$0].name }.joined(separator: ", ")
        return "the target's table \(schema.name) has no column \(names); add it there, or `drop` it in the flow's "
            + "transform"
    }

    var keyProblem: String? {
        guard keyIndex == nil else { return nil }
        let names = schema.keyColumns.map(\.name.postgresIdentifier).joined(separator: ", ")
        return "rows are known by \(names), and no unique index of the target's table is on exactly that; make one: "
            + "CREATE UNIQUE INDEX ON \(target.table.sql) (\(names))"
    }

    /// Columns that only the target has and that no row could be inserted without.
    var unfilled: [Column] {
        let filled = Set(places.compactMap { $0 })
        return target.schema.columns.indices.filter { place in
            let column = target.schema.columns[place]
            let facts = target.facts[target.table.columns[place].number]
            return !filled.contains(place) && !column.isNullable && facts?.hasDefault != true
        }.map { target.schema.columns[$0] }
    }

    /// Which values a column of the key may hold, so that no two keys become one.
    func spelling(at place: Int, as column: PostgresColumn) -> KeySpelling? {
        KeySpelling(schema.columns[place], of: schema.definition, as: column.shape)
    }

    /// Whether rows are bound to each other by more than their key.
    var hasSecondUnique: Bool { target.constraintCount > 1 }
}
