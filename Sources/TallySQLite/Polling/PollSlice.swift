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
        let change =
            table.isDeleted(row)
            ? Change(.delete, table: tables.count - 1, row: row.keepingOnly(table.schema.key))
            : Change(.update, table: tables.count - 1, row: row)
        byteCount += change.byteCount
        changes.append(change)
    }

    func slice(endingAt end: Commit?) -> Slice {
        Slice(tables: tables, changes: changes, end: end, byteCount: byteCount)
    }
}

extension Row {
    /// The row with all else absent.
    fileprivate func keepingOnly(_ columns: [Int]) -> Row {
        var kept = Row([Value?](repeating: nil, count: values.count))
        for column in columns { kept[column] = values[column] }
        return kept
    }
}
