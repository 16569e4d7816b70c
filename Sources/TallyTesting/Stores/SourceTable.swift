package import TallyModel

/// A table of an in-memory source: its structure, its rows by key, and at most one unique column beside the key.
package struct SourceTable: Sendable, Hashable {
    package var schema: TableSchema
    package var rows: [Row: Row] = [:]
    /// The id of a column whose values are unique where they are not null.
    package var unique: Int?

    package init(_ schema: TableSchema, unique: Int? = nil) {
        self.schema = schema
        self.unique = unique
    }

    package func key(of row: Row) -> Row { row.picking(schema.key) }

    /// The keys in their order, so that what is drawn from them follows from the seed alone.
    package var keys: [Row] { rows.keys.sorted(by: KeyOrder.isBefore) }

    /// Whether the row may take the place of the one under `former`, or be new where that is `nil`.
    func permits(_ row: Row, inPlaceOf former: Row?) -> Bool {
        let key = key(of: row)
        if key != former, rows[key] != nil { return false }
        guard let unique, let place = schema.columns.firstIndex(where: { $0.id == unique }), row[place] != .null else {
            return true
        }
        return !rows.contains { $0.key != former && $0.value[place] == row[place] }
    }

    mutating func add(_ column: Column) {
        let value = column.defaultExpression.flatMap(Int64.init).map(Value.integer) ?? .null
        schema.columns.append(column)
        rows = rows.mapValues { Row($0.values + [value]) }
    }

    mutating func rename(_ place: Int, to name: String) {
        schema.columns[place].name = name
    }

    /// Drops a column that is no part of the key.
    mutating func drop(_ place: Int) {
        if schema.columns[place].id == unique { unique = nil }
        schema.columns.remove(at: place)
        schema.key = schema.key.map { $0 > place ? $0 - 1 : $0 }
        rows = rows.mapValues { row in
            var values = row.values
            values.remove(at: place)
            return Row(values)
        }
    }
}
