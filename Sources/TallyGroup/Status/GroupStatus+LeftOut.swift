import TallyLedger
import TallyMerge
import TallyModel

extension GroupStatus {
    /// Adds which rows of members are no rows of the group.
    mutating func note(
        leftOut rows: [Actor: [(table: Int, reason: LeftOut, count: Int)]],
        _ actors: [String: Actor],
        _ tables: [TableSchema]
    ) {
        for place in members.indices {
            let own = actors[members[place].name].flatMap { rows[$0] } ?? []
            members[place].leftOut = own.map(\.count).reduce(0, +)
            members[place].notices = own.filter { tables.indices.contains($0.table) }.map { row in
                row.reason.words(for: row.count, of: tables[row.table])
            }
        }
    }
}

extension LeftOut {
    /// What it means and what to do, for people.
    fileprivate func words(for count: Int, of table: TableSchema) -> String {
        let rows = "\(table.name): \(count == 1 ? "1 row is" : "\(count) rows are") left out of the group"
        let key = table.keyColumns.map(\.name).joined(separator: ", ")
        return switch self {
        case .null: "\(rows), with NULL in the key (\(key)): give \(count == 1 ? "it a key" : "them keys") of their own"
        case .spelling:
            "\(rows): another row here has the same key (\(key)) in another spelling; delete one of the two, or give it another key"
        }
    }
}
