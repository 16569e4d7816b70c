package import TallyModel

/// What a slice's refused changes mean for their rows, when the target has taken all the others.
///
/// A later change of the slice may have been taken for a row that an earlier one was refused for. If it holds the whole
/// row, all is well; if it leaves columns out, the refused change holds them, and both together are to be tried once
/// more. A refused change of key leaves the row under its former key, which has to go all the same.
package struct Refusals {
    /// What is to be done about a row once the slice is through.
    package enum Consequence {
        case park(Change, reason: String)
        /// The target took this and holds the row as it is now, so a letter of it has had its day.
        case pass(Change)
        /// To be applied once more, and parked if it is refused again.
        case again(Change)
    }

    private struct Place: Hashable {
        let table: Int
        let key: Row
    }

    private let schemas: [TableSchema]
    private var order: [Place] = []
    private var found: [Place: Consequence] = [:]
    /// Tables that the slice emptied, by their place in it.
    private(set) var emptied: Set<Int> = []

    package init(_ schemas: [TableSchema]) {
        self.schemas = schemas
    }

    /// What is to be done, in the order of the rows' first changes.
    package var consequences: [Consequence] { order.compactMap { found[$0] } }
    /// The row that each of ``consequences`` is about.
    package var rows: [(table: Int, key: Row)] { order.filter { found[$0] != nil }.map { ($0.table, $0.key) } }

    /// Takes note of what became of the next change of the slice.
    package mutating func add(_ change: Change, refused reason: String?) {
        if change.operation == .truncate {
            for place in order where place.table == change.table { found[place] = nil }
            emptied.insert(change.table)
            return
        }
        let parts = change.splitIfMoved(keyed: schemas[change.table])
        for (index, part) in parts.enumerated() {
            if part.operation == .delete, schemas[part.table].hasNullKey(part.row) {
                passUnkeyed(part)
                continue
            }
            let isVacated = parts.count == 2 && index == 0
            if let reason {
                let net = earlier(part)?.followed(by: part, existed: true) ?? part
                set(isVacated ? .again(part) : .park(net, reason: reason), part)
            } else if let earlier = earlier(part), part.operation != .delete, !part.row.isComplete {
                set(.again(earlier.followed(by: part, existed: true)), part)
            } else {
                set(.pass(part), part)
            }
        }
    }

    /// Takes note of a deleted row with NULL in its key: each is another, though nothing tells them apart.
    private mutating func passUnkeyed(_ change: Change) {
        let key = change.row.picking(schemas[change.table].key)
        let place = Place(table: change.table, key: Row(key.values + [.integer(Int64(order.count))]))
        order.append(place)
        found[place] = .pass(change)
    }

    private func earlier(_ change: Change) -> Change? {
        switch found[place(change)] {
        case .park(let earlier, _), .again(let earlier): earlier
        case .pass, nil: nil
        }
    }

    private mutating func set(_ consequence: Consequence, _ change: Change) {
        let place = place(change)
        if found.updateValue(consequence, forKey: place) == nil { order.append(place) }
    }

    private func place(_ change: Change) -> Place {
        Place(table: change.table, key: schemas[change.table].identity(of: change.row))
    }
}
