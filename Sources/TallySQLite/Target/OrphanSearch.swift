import SQLite
import TallyModel

/// Looks for rows that one slice has left without the row which a foreign key names.
struct OrphanSearch {
    /// Keys in one statement: an unindexed child is read once for so many.
    private static let mostAtOnce = 64

    private let slice: Slice
    private let connection: Connection
    private var former: FormerValues
    private var found: [Orphan] = []
    private var known: Set<Orphan> = []

    init(_ slice: Slice, in connection: Connection, former: FormerValues) {
        self.slice = slice
        self.connection = connection
        self.former = former
    }

    /// - Parameter keys: Between the slice's tables.
    /// - Returns: Also what is left of the former values: those that are not of the slice's tables.
    mutating func orphans(by keys: [ForeignKey]) throws -> (found: [Orphan], former: FormerValues) {
        for key in keys {
            for (place, schema) in slice.tables.enumerated() {
                if schema.isTable(key.child) { try searchWritten(place, schema, key) }
                if key.refersOtherwise(to: schema) {
                    if let kept = former.take(key) { try searchReferring(to: kept, key) }
                } else if schema.isTable(key.parent) {
                    try searchReferring(toThoseGoneFrom: place, schema, key)
                }
            }
        }
        return (found, former)
    }

    /// Looks among the rows that were written.
    private mutating func searchWritten(_ place: Int, _ schema: TableSchema, _ key: ForeignKey) throws {
        let written = slice.changes.filter { $0.table == place && ($0.operation == .insert || $0.operation == .update) }
        let columns = schema.keyColumns.compactMap { key.child.column(folding: $0.name) }
        guard columns.count == schema.key.count else { return }
        let same = columns.enumerated().map { "h.\(quoted(key.child.columns[$1].name)) = n.k\($0)" }
        try search(written.map { $0.row.picking(schema.key) }, key, join: "CROSS JOIN", same)
    }

    /// Looks among the rows that named rows which are gone by their keys.
    private mutating func searchReferring(
        toThoseGoneFrom place: Int,
        _ schema: TableSchema,
        _ key: ForeignKey
    ) throws {
        let gone = slice.changes.compactMap { change -> Row? in
            guard change.table == place else { return nil }
            return change.operation == .delete ? change.row.picking(schema.key) : change.formerKey
        }
        guard let places = key.places(among: key.keyPlaces(of: schema)) else { return }
        try search(gone, key, join: "JOIN", Self.naming(key, places))
    }

    /// Looks among the rows that named by other columns what no row has any more.
    private mutating func searchReferring(to former: FormerValues.Kept, _ key: ForeignKey) throws {
        guard case .values(let values) = former else {
            let all = try connection.cached(
                "\(Self.selection(key)) FROM main.\(quoted(key.child.name.name)) AS h WHERE \(Self.isOrphan(key))"
            )
            while try all.step() { take(Row(all.values()), key) }
            return all.reset()
        }
        // Mostly nothing is gone, and those who might have named it, perhaps without an index, are not read.
        let held = try connection.cached(
            "SELECT 1 FROM main.\(quoted(key.parent.name.name)) "
                + "WHERE \(key.pairs.map { "\(quoted(key.parent.columns[$0.parent].name)) = ?" }.joined(separator: " AND "))"
        )
        var gone: [Row] = []
        for row in values.keys {
            try held.bind(row.values.map { $0 ?? .null })
            if try !held.step() { gone.append(row) }
            held.reset()
        }
        let same = Self.naming(key, Array(key.pairs.indices))
        try search(gone, key, join: "JOIN", same, more: key.pairs.indices.map { "n.k\($0)" }, values)
    }

    /// The foreign key's columns in `h`, each equal to the value at its place in `n`.
    private static func naming(_ key: ForeignKey, _ places: [Int]) -> [String] {
        zip(key.pairs, places).map { pair, place in
            let collation = quoted(key.parent.columns[pair.parent].collation ?? "BINARY")
            return "h.\(quoted(key.child.columns[pair.child].name)) = n.k\(place) COLLATE \(collation)"
        }
    }

    // MARK: Statements

    /// - Parameters:
    ///   - more: What else is selected.
    ///   - former: The keys of rows by what they had, which `more` says.
    private mutating func search(
        _ keys: [Row],
        _ key: ForeignKey,
        join: String,
        _ same: [String],
        more: [String] = [],
        _ former: [Row: Row] = [:]
    ) throws {
        guard let width = keys.first?.values.count else { return }
        let statement = try connection.cached(query(key, width, join, same, more))
        var rest = keys[...]
        while !rest.isEmpty {
            let some = rest.prefix(Self.mostAtOnce)
            rest = rest.dropFirst(some.count)
            // NULL, of which there is the rest, is no row's key.
            var values = some.flatMap { $0.values.map { $0 ?? .null } }
            values += [Value](repeating: .null, count: Self.mostAtOnce * width - values.count)
            try statement.bind(values)
            while try statement.step() { take(Row(statement.values()), key, former) }
            statement.reset()
        }
    }

    private func query(
        _ key: ForeignKey,
        _ width: Int,
        _ join: String,
        _ same: [String],
        _ more: [String]
    ) -> String {
        let place = "(\([String](repeating: "?", count: width).joined(separator: ", ")))"
        let places = [String](repeating: place, count: Self.mostAtOnce).joined(separator: ", ")
        let names = (0..<width).map { "k\($0)" }.joined(separator: ", ")
        return "WITH n(\(names)) AS (VALUES \(places)) \(Self.selection(key, more)) "
            + "FROM n \(join) main.\(quoted(key.child.name.name)) AS h ON \(same.joined(separator: " AND ")) "
            + "WHERE \(Self.isOrphan(key))"
    }

    private static func foreign(_ key: ForeignKey) -> [String] {
        key.pairs.map { "h.\(quoted(key.child.columns[$0.child].name))" }
    }

    /// The child's key and what it has in the foreign key's columns.
    private static func selection(_ key: ForeignKey, _ more: [String] = []) -> String {
        let columns = key.child.keyColumns.map { "h.\(quoted($0.name))" } + foreign(key) + more
        return "SELECT \(columns.joined(separator: ", "))"
    }

    private static func isOrphan(_ key: ForeignKey) -> String {
        let foreign = foreign(key)
        // Values are compared as the parent's column has them (https://www.sqlite.org/foreignkeys.html, section 4.1);
        // the plus takes the child's own affinity away.
        let parent = zip(key.pairs, foreign).map { "p.\(quoted(key.parent.columns[$0.parent].name)) = +\($1)" }
        return "\(foreign.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")) AND NOT EXISTS ("
            + "SELECT 1 FROM main.\(quoted(key.parent.name.name)) AS p WHERE \(parent.joined(separator: " AND ")))"
    }

    private mutating func take(_ row: Row, _ key: ForeignKey, _ former: [Row: Row] = [:]) {
        let count = key.child.key.count
        let end = count + key.pairs.count
        let orphan = Orphan(
            table: key.child.name,
            key: Row(Array(row.values[..<count])),
            columns: key.pairs.map { key.child.columns[$0.child].name },
            parent: key.parent.name,
            parentColumns: key.pairs.map { key.parent.columns[$0.parent].name },
            values: Row(Array(row.values[count..<end])),
            former: former[Row(Array(row.values[end...]))]
        )
        if known.insert(orphan).inserted { found.append(orphan) }
    }
}

extension TableSchema {
    /// Whether a table of the target is the one that this is the schema of.
    func isTable(_ other: TableSchema) -> Bool { name.sqliteName.asciiFolded == other.name.sqliteName.asciiFolded }
}
