import TallyModel

/// What rows had in the columns that foreign keys refer to, before a transaction wrote to them.
///
/// Only of foreign keys that refer to other columns than the table's key: afterwards nobody can say what was in those.
struct FormerValues {
    /// Of one foreign key; where there were more, all rows that have it are looked at.
    private static let most = 16 << 10

    enum Kept {
        /// The referenced columns' text forms, in the foreign key's order, each with the key of the row that had them.
        case values([[String]: Row])
        case tooMany
    }

    private struct Name: Hashable {
        var child: TableName
        var constraint: String

        init(_ key: ForeignKey) {
            child = key.child.name
            constraint = key.name
        }
    }

    private var kept: [Name: Kept] = [:]

    /// Asks what the rows have that a slice is about to write.
    ///
    /// - Parameter writers: One for each of the slice's tables; `nil` for one without changes.
    mutating func note(_ slice: Slice, in target: TargetConnection, _ writers: [TableWriter?]) throws {
        for (place, writer) in writers.enumerated() {
            guard let writer else { continue }
            let keys = try writer.foreignKeys(in: target).filter { writer.isReferred(to: $0) }
            guard !keys.isEmpty else { continue }
            let rows = writer.formerRows(slice.changes.filter { $0.table == place })
            for key in keys { try note(key, rows, target, writer) }
        }
    }

    private mutating func note(
        _ key: ForeignKey,
        _ rows: [Row],
        _ target: TargetConnection,
        _ writer: TableWriter
    ) throws {
        guard case .values(var values) = kept[Name(key)] ?? .values([:]) else { return }
        let keys = writer.keys(of: rows, from: 1)
        let columns = key.pairs.map { "h.\($0.parent.postgresIdentifier)" }
        let own = writer.keyColumns
        let names = own.map { "h.\($0.name.postgresIdentifier)" } + columns.map { "\($0)::text" }
        let question = Command(
            "SELECT \(names.joined(separator: ", ")) "
                + "FROM \(keys.source) JOIN \(key.parentRows) AS h ON \(keys.sameKey) "
                + "WHERE \(columns.map { "\($0) IS NOT NULL" }.joined(separator: " AND "))",
            keys.parameters
        )
        let answer = try target.run([question])[0]
        for row in 0..<answer.rowCount {
            let former = columns.indices.map { answer.text(row, own.count + $0) ?? "" }
            values[former] = try answer.row(row, own, from: 0)
        }
        kept[Name(key)] = values.count > Self.most ? .tooMany : .values(values)
    }

    /// What was noted for a foreign key, which is forgotten; `nil` for nothing.
    mutating func take(_ key: ForeignKey) -> Kept? { kept.removeValue(forKey: Name(key)) }
}

extension TableWriter {
    /// Whether a foreign key refers to the writer's table, and by other columns than those of its key.
    func isReferred(to key: ForeignKey) -> Bool {
        key.parent == target.table.name && key.places(among: keyNames) == nil
    }

    /// The key's columns in the target's table, in key order.
    var keyColumns: [PostgresColumn] { statements.key.map { statements.fields[$0.field].column } }

    var keyNames: [String] { keyColumns.map(\.name) }

    /// Rows with the keys under which rows may have been there before the changes, in the places of the slice's table.
    fileprivate func formerRows(_ changes: [Change]) -> [Row] {
        changes.filter { $0.operation != .truncate }.map { change in
            guard let former = change.formerKey else { return change.row }
            var row = change.row
            for (place, value) in zip(schema.key, former.values) { row[place] = value }
            return row
        }
    }
}
