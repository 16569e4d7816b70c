import SQLite
import TallyModel

/// Looks for rows that one slice has left without the row which a foreign key names.
struct OrphanSearch {
    /// Keys in one statement: an unindexed child is read once for so many.
    private static let mostAtOnce = 64

    private let slice: Slice
    private let connection: Connection
    private var found: [Orphan] = []
    private var known: Set<Orphan> = []

    init(_ slice: Slice, in connection: Connection) {
        self.slice = slice
        self.connection = connection
    }

    /// - Parameter keys: Between the slice's tables.
    mutating func orphans(by keys: [ForeignKey]) throws -> [Orphan] {
        for key in keys {
            for (place, schema) in slice.tables.enumerated() {
                if schema.isTable(key.child) { try searchWritten(place, schema, key) }
                if schema.isTable(key.parent) { try searchReferring(toThoseGoneFrom: place, schema, key) }
            }
        }
        return found
    }

    /// Looks among the rows that were written.
    private mutating func searchWritten(_ place: Int, _ schema: TableSchema, _ key: ForeignKey) throws {
        let written = slice.changes.filter { $0.table == place && ($0.operation == .insert || $0.operation == .update) }
        let columns = schema.keyColumns.compactMap { key.child.column(folding: $0.name) }
        guard columns.count == schema.key.count else { return }
        let same = columns.enumerated().map { "h.\(quoted(key.child.columns[$1].name)) = n.k\($0)" }
        try search(written.map { $0.row.picking(schema.key) }, key, join: "CROSS JOIN", same)
    }

    /// Looks among the rows that named rows which are gone; where they were named by other columns than the key's, it is
    /// not known what they had in them.
    private mutating func searchReferring(
        toThoseGoneFrom place: Int,
        _ schema: TableSchema,
        _ key: ForeignKey
    ) throws {
        let gone = slice.changes.compactMap { change -> Row? in
            guard change.table == place else { return nil }
            return change.operation == .delete ? change.row.picking(schema.key) : change.formerKey
        }
        let columns = schema.keyColumns.map { key.parent.column(folding: $0.name) }
        let same = key.pairs.compactMap { pair -> String? in
            guard let place = columns.firstIndex(of: pair.parent) else { return nil }
            let collation = quoted(key.parent.columns[pair.parent].collation ?? "BINARY")
            return "h.\(quoted(key.child.columns[pair.child].name)) = n.k\(place) COLLATE \(collation)"
        }
        guard same.count == key.pairs.count else { return }
        try search(gone, key, join: "JOIN", same)
    }

    // MARK: Statements

    private mutating func search(_ keys: [Row], _ key: ForeignKey, join: String, _ same: [String]) throws {
        guard let width = keys.first?.values.count else { return }
        let statement = try connection.cached(query(key, width, join, same))
        var rest = keys[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.mostAtOnce)
            rest = rest.dropFirst(some.count)
            // NULL, of which there is the rest, is no row's key.
            var values = some.flatMap { $0.values.map { $0 ?? .null } }
            values += [Value](repeating: .null, count: Self.mostAtOnce * width - values.count)
            try statement.bind(values)
            while try statement.step() { take(Row(statement.values()), key) }
            statement.reset()
        }
    }

    private func query(_ key: ForeignKey, _ width: Int, _ join: String, _ same: [String]) -> String {
        let place = "(\([String](repeating: "?", count: width).joined(separator: ", ")))"
        let places = [String](repeating: place, count: Self.mostAtOnce).joined(separator: ", ")
        let names = (0..<width).map { "k\($0)" }.joined(separator: ", ")
        let foreign = key.pairs.map { "h.\(quoted(key.child.columns[$0.child].name))" }
        let columns = key.child.keyColumns.map { "h.\(quoted($0.name))" } + foreign
        // Values are compared as the parent's column has them (https://www.sqlite.org/foreignkeys.html, section 4.1);
        // the plus takes the child's own affinity away.
        let parent = zip(key.pairs, foreign).map { "p.\(quoted(key.parent.columns[$0.parent].name)) = +\($1)" }
        return "WITH n(\(names)) AS (VALUES \(places)) SELECT \(columns.joined(separator: ", ")) "
            + "FROM n \(join) main.\(quoted(key.child.name.name)) AS h ON \(same.joined(separator: " AND ")) "
            + "WHERE \(foreign.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")) AND NOT EXISTS ("
            + "SELECT 1 FROM main.\(quoted(key.parent.name.name)) AS p WHERE \(parent.joined(separator: " AND ")))"
    }

    private mutating func take(_ row: Row, _ key: ForeignKey) {
        let count = key.child.key.count
        let orphan = Orphan(
            table: key.child.name,
            key: Row(Array(row.values[..<count])),
            columns: key.pairs.map { key.child.columns[$0.child].name },
            parent: key.parent.name,
            parentColumns: key.pairs.map { key.parent.columns[$0.parent].name },
            values: Row(Array(row.values[count...]))
        )
        if known.insert(orphan).inserted { found.append(orphan) }
    }
}

extension TableSchema {
    /// Whether a table of the target is the one that this is the schema of.
    func isTable(_ other: TableSchema) -> Bool { name.sqliteName.asciiFolded == other.name.sqliteName.asciiFolded }
}
