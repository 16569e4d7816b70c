import TallyModel

/// Gathers the rows of one slice of a poll.
struct PollSlice {
    private var tables: [TableSchema] = []
    private var changes: [Change] = []
    private(set) var byteCount = 0
    /// The place among the poll's tables that the last of ``tables`` has.
    private var place = -1

    var isEmpty: Bool { changes.isEmpty }

    /// - Parameter place: The table's place among the tables of the poll, which come one after the other.
    mutating func append(_ row: Row, of table: PolledTable, at place: Int) {
        if place != self.place {
            self.place = place
            tables.append(table.schema)
        }
        var change = Change(.update, table: tables.count - 1, row: row)
        if table.isDeleted(row) {
            change = Change(.delete, table: tables.count - 1, row: row)
            for column in row.values.indices where !table.schema.key.contains(column) { change.row[column] = nil }
        }
        byteCount += change.byteCount
        changes.append(change)
    }

    func slice(endingAt end: Commit?) -> Slice {
        Slice(tables: tables, changes: changes, end: end, byteCount: byteCount)
    }
}
