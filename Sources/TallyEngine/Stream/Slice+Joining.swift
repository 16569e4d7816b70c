package import TallyModel

/// Slices that came while the target was busy, as one: what a target does once for each slice and each statement is
/// then done once for more rows, and more changes of one row have one net effect.
extension Slice {
    /// From how many changes on larger slices gain nothing.
    static let mostJoinedChanges = 16 << 10

    /// Whether a slice that comes right after this one has each table as this one has it: a slice never has one table in
    /// two structures.
    func canJoin(_ next: Slice) -> Bool {
        next.tables.allSatisfy { table in
            tables.allSatisfy { $0.name != table.name || $0.version == table.version }
        }
    }

    /// Adds a slice that comes right after this one and ends a transaction; see ``canJoin(_:)``.
    package mutating func join(_ next: Slice) {
        var isSame = true
        var places: [Int] = []
        places.reserveCapacity(next.tables.count)
        for (index, schema) in next.tables.enumerated() {
            let place = tables.firstIndex { $0.name == schema.name && $0.version == schema.version }
            if place == nil { tables.append(schema) }
            places.append(place ?? tables.count - 1)
            if places[index] != index { isSame = false }
        }
        let first = changes.count
        changes.append(contentsOf: next.changes)
        if !isSame {
            for index in first..<changes.count { changes[index].table = places[changes[index].table] }
        }
        byteCount += next.byteCount
        end = next.end.map { last in
            Commit(position: last.position, time: [end?.time, last.time].compactMap { $0 }.min())
        }
    }
}
