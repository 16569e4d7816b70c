package import TallyModel

/// Folds many changes of one row within a slice into one with their net effect.
///
/// The folded change stands where the row's last change stood. That is only right where rows of a table do not depend
/// on each other's order: the target must say so for each table.
package struct NetEffect {
    private struct Place: Hashable {
        let table: Int
        let key: Row
    }

    private struct Entry {
        var index: Int
        /// Whether the row was there before its first change in the slice.
        let existed: Bool
    }

    /// How many changes are looked at to learn whether rows repeat at all.
    private static let sample = 256

    /// - Parameter permits: For each of the slice's tables, whether it may be folded.
    /// - Returns: The slice with fewer changes, or as it was where nothing repeats.
    package static func fold(_ slice: Slice, permits: [Bool]) -> Slice {
        guard permits.contains(true), slice.changes.count > 1, repeats(in: slice, permits) else { return slice }
        // A table in two structures: what is one row cannot be told by places.
        guard Set(slice.tables.map(\.name)).count == slice.tables.count else { return slice }
        var places: [Place: Entry] = [:]
        places.reserveCapacity(slice.changes.count)
        var folded: [Change?] = []
        folded.reserveCapacity(slice.changes.count)
        for change in slice.changes.lazy.flatMap(splittingMoves) {
            // Rows with NULL in their key have it in common and are several all the same.
            let isFoldable = permits[change.table] && change.operation != .truncate
            guard isFoldable, !slice.tables[change.table].hasNullKey(change.row) else {
                // What came before a truncate must stay before it.
                if change.operation == .truncate { places = places.filter { $0.key.table != change.table } }
                folded.append(change)
                continue
            }
            let place = Place(table: change.table, key: change.row.picking(slice.tables[change.table].key))
            if let formerKey = change.formerKey {
                // A move that does not say the whole row stands for itself: what comes later stays behind it.
                places[place] = nil
                places[Place(table: change.table, key: formerKey)] = nil
                folded.append(change)
                continue
            }
            // An insert may have replaced a row that was there (REPLACE, a key moved onto another): a delete after it
            // is not nothing, and only the target knows whether there is a row. The two stay as they are.
            let endsInsert = change.operation == .delete && places[place]?.existed == false
            if !endsInsert, let entry = places[place], let earlier = folded[entry.index] {
                folded[entry.index] = nil
                let net = earlier.followed(by: change, existed: entry.existed)
                places[place] = Entry(index: folded.count, existed: entry.existed)
                folded.append(net)
            } else {
                places[place] = Entry(index: folded.count, existed: change.operation != .insert)
                folded.append(change)
            }
        }
        var result = slice
        result.changes = folded.compactMap { $0 }
        return result

        func splittingMoves(_ change: Change) -> [Change] {
            // Only the target has the rest of a row that a move does not say whole, so such a move stays one change.
            permits[change.table] && change.row.isComplete
                ? change.splitIfMoved(keyed: slice.tables[change.table]) : [change]
        }
    }

    private static func repeats(in slice: Slice, _ permits: [Bool]) -> Bool {
        // Hashes tell rows apart well enough to learn whether folding is worth its cost.
        var seen: Set<Int> = []
        seen.reserveCapacity(sample)
        var looked = 0
        let keys = slice.tables.map(\.key)
        for change in slice.changes.prefix(sample) where permits[change.table] && change.operation != .truncate {
            looked += 1
            var hasher = Hasher()
            hasher.combine(change.table)
            for place in keys[change.table] { hasher.combine(change.row.values[place]) }
            seen.insert(hasher.finalize())
        }
        return looked - seen.count > looked / 10
    }
}

extension Change {
    /// The one change that does what this one and then `next` of the same row would do.
    ///
    /// - Parameter existed: Whether the row was there before this change.
    package func followed(by next: Change, existed: Bool) -> Change {
        if next.operation == .delete { return next }
        var net = next
        net.operation = existed ? .update : .insert
        if operation != .delete { net.row = row.overlaid(by: next.row) }
        return net
    }

    /// A change of key as the delete of the old one and the insert of the new one; any other change as it is.
    ///
    /// Where the change does not say the whole row, the second part is an update: of a row that is not there any more,
    /// as the target will find unless it has it.
    package func splitIfMoved(keyed schema: TableSchema) -> [Change] {
        guard let formerKey else { return [self] }
        var old = Change(.delete, key: formerKey, of: schema)
        old.table = table
        return [old, Change(row.isComplete ? .insert : .update, table: table, row: row)]
    }

    /// A change that says no more of a row than its key.
    package init(_ operation: Operation, key: Row, of schema: TableSchema) {
        var row = Row([Value?](repeating: nil, count: schema.columns.count))
        for (place, column) in schema.key.enumerated() { row[column] = key[place] }
        self.init(operation, table: 0, row: row)
    }
}
