import SQLite
import TallyModel

/// What rows had in the columns that foreign keys refer to, before a transaction wrote to them.
///
/// Only of foreign keys that refer to other columns than the table's key: afterwards nobody can say what was in those.
struct FormerValues {
    /// Of one foreign key; where there were more, all rows that have it are looked at.
    private static let most = 16 << 10

    enum Kept {
        /// In the foreign key's order, each with the key of the row that had them.
        case values([Row: Row])
        case tooMany
    }

    private struct Name: Hashable {
        var child: TableName
        var columns: [Int]

        init(_ key: ForeignKey) {
            child = key.child.name
            columns = key.pairs.map(\.child)
        }
    }

    private var kept: [Name: Kept] = [:]

    /// Asks what the rows have that a slice is about to write.
    ///
    /// - Parameter keys: Between the slice's tables.
    mutating func note(_ slice: Slice, by keys: [ForeignKey], in connection: Connection) throws {
        for key in keys {
            for (place, schema) in slice.tables.enumerated() where key.refersOtherwise(to: schema) {
                try note(key, slice.changes.filter { $0.table == place }, schema, connection)
            }
        }
    }

    private mutating func note(
        _ key: ForeignKey,
        _ changes: [Change],
        _ schema: TableSchema,
        _ connection: Connection
    ) throws {
        guard !changes.isEmpty, case .values(var values) = kept[Name(key)] ?? .values([:]) else { return }
        let own = key.keyPlaces(of: schema).compactMap { $0 }
        guard own.count == schema.key.count else { return }
        let columns = key.pairs.map { quoted(key.parent.columns[$0.parent].name) }
        let query = try connection.cached(
            "SELECT \(columns.joined(separator: ", ")) FROM main.\(quoted(key.parent.name.name)) "
                + "WHERE \(own.map { "\(quoted(key.parent.columns[$0].name)) = ?" }.joined(separator: " AND "))"
        )
        for change in changes where change.operation != .truncate {
            // NULL is no row's key.
            let former = change.formerKey ?? change.row.picking(schema.key)
            try query.bind(former.values.map { $0 ?? .null })
            while try query.step() {
                let row = query.values()
                if !row.contains(.null) { values[Row(row)] = former }
            }
            query.reset()
        }
        kept[Name(key)] = values.count > Self.most ? .tooMany : .values(values)
    }

    /// What was noted for a foreign key, which is forgotten; `nil` for nothing.
    mutating func take(_ key: ForeignKey) -> Kept? { kept.removeValue(forKey: Name(key)) }
}
