package import TallyModel

/// A transaction that is being written to an in-memory source; what its tables do not permit is refused.
package struct SourceTransaction {
    package private(set) var tables: [TableName: SourceTable]
    private(set) var changes: [CapturedChange] = []

    init(_ tables: [TableName: SourceTable]) {
        self.tables = tables
    }

    /// - Returns: Whether the row was taken.
    @discardableResult
    package mutating func insert(_ row: Row, into name: TableName) -> Bool {
        guard let table = tables[name], table.permits(row, inPlaceOf: nil) else { return false }
        tables[name]?.rows[table.key(of: row)] = row
        note(Change(.insert, table: 0, row: row), table.schema)
        return true
    }

    /// Gives the row under `key` other values, and perhaps another key.
    ///
    /// - Parameter sparingly: Leaves values that did not change out of the captured change. A change of key is always
    ///   captured whole.
    /// - Returns: Whether the row was there and the new one was taken.
    @discardableResult
    package mutating func update(_ key: Row, of name: TableName, to row: Row, sparingly: Bool = false) -> Bool {
        guard let table = tables[name], let old = table.rows[key], table.permits(row, inPlaceOf: key) else {
            return false
        }
        let newKey = table.key(of: row)
        tables[name]?.rows[key] = nil
        tables[name]?.rows[newKey] = row
        var change = Change(.update, table: 0, row: row, formerKey: newKey == key ? nil : key)
        if sparingly, newKey == key {
            for place in row.values.indices where !table.schema.key.contains(place) && row[place] == old[place] {
                change.row[place] = nil
            }
        }
        note(change, table.schema)
        return true
    }

    /// - Returns: Whether there was such a row.
    @discardableResult
    package mutating func delete(_ key: Row, from name: TableName) -> Bool {
        guard let table = tables[name], table.rows[key] != nil else { return false }
        tables[name]?.rows[key] = nil
        var row = Row([Value?](repeating: nil, count: table.schema.columns.count))
        for (place, column) in table.schema.key.enumerated() { row[column] = key[place] }
        note(Change(.delete, table: 0, row: row), table.schema)
        return true
    }

    package mutating func truncate(_ name: TableName) {
        guard let table = tables[name] else { return }
        tables[name]?.rows = [:]
        note(Change(.truncate, table: 0, row: Row([])), table.schema)
    }

    private mutating func note(_ change: Change, _ schema: TableSchema) {
        changes.append(CapturedChange(schema: schema, change: change))
    }
}

/// A change with the structure it was captured under; its ``Change/table`` means nothing yet.
struct CapturedChange: Sendable {
    let schema: TableSchema
    let change: Change
}
