import TallyModel

extension Slice {
    /// The slice in parts, in order, in each of which a table comes in one structure only: changes of a table are put in
    /// another order, which must not reach over a change of its structure.
    func partsWithEachTableOnce() -> [Slice] {
        guard Set(tables.map(\.name)).count < tables.count else { return [self] }
        var parts: [Slice] = []
        var first = 0
        var places: [TableName: Int] = [:]
        for (index, change) in changes.enumerated() {
            let name = tables[change.table].name
            if let place = places[name], place != change.table {
                parts.append(part(first..<index))
                first = index
                places = [:]
            }
            places[name] = change.table
        }
        parts.append(part(first..<changes.count))
        for index in parts.indices.dropLast() { parts[index].end = nil }
        return parts
    }

    private func part(_ range: Range<Int>) -> Slice {
        let size = changes.isEmpty ? 0 : byteCount / changes.count * range.count
        return Slice(tables: tables, changes: Array(changes[range]), end: end, byteCount: size)
    }
}
