package import TallyModel

/// Folds the changes of one slice into what the letters of their rows hold, so that each carries all that the target
/// has not taken.
package struct HeldRows {
    private struct Place: Hashable {
        let table: Int
        let key: Row
    }

    private let parked: ParkedRows
    /// What the slice has made of rows so far.
    private var nets: [Place: Change] = [:]
    private var emptied: Set<Int> = []

    package init(_ parked: ParkedRows) {
        self.parked = parked
    }

    /// The change, or its two halves where it moves a row, with what went before folded under it.
    package mutating func folded(_ change: Change, _ schema: TableSchema) -> [Change] {
        if change.operation == .truncate {
            nets = nets.filter { $0.key.table != change.table }
            emptied.insert(change.table)
            return [change]
        }
        return change.splitIfMoved(keyed: schema).map { part in
            let place = Place(table: change.table, key: schema.identity(of: part.row))
            guard let earlier = nets[place] ?? letter(place.key, schema, change.table) else { return part }
            // A delete is sent in any case: the target may have an older state of the row.
            var net = earlier.followed(by: part, existed: true)
            net.table = change.table
            nets[place] = net
            return net
        }
    }

    private func letter(_ key: Row, _ schema: TableSchema, _ table: Int) -> Change? {
        guard !emptied.contains(table) else { return nil }
        return parked.letter(of: schema.name, key: key)?.change(under: schema)
    }
}

extension DeadLetter {
    /// The change as rows of another structure of the table are; what that has not is left out.
    func change(under other: TableSchema) -> Change {
        guard schema.version != other.version, change.operation != .delete else { return change }
        let places = Dictionary(uniqueKeysWithValues: schema.columns.enumerated().map { ($1.id, $0) })
        var result = change
        result.row = Row(other.columns.map { column in places[column.id].flatMap { change.row[$0] } })
        return result
    }
}
