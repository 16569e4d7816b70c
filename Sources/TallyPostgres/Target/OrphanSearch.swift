import TallyModel

/// Looks for rows that one slice has left without the row which a foreign key names.
struct OrphanSearch {
    private let slice: Slice
    private let target: TargetConnection
    /// One for each of the slice's tables; `nil` for one without changes.
    private let writers: [TableWriter?]
    /// The slice's tables, quoted.
    private let tables: Set<String>
    private var former: FormerValues
    private var found: [Orphan] = []
    private var known: Set<Orphan> = []

    init(_ slice: Slice, in target: TargetConnection, _ writers: [TableWriter?], former: FormerValues) {
        self.former = former
        self.slice = slice
        self.target = target
        self.writers = writers
        tables = Set(slice.tables.map(\.name.postgresSQL))
    }

    /// - Returns: Also what is left of the former values: those that are not of the slice's tables.
    mutating func orphans() throws -> (found: [Orphan], former: FormerValues) {
        for (place, writer) in writers.enumerated() {
            guard let writer else { continue }
            let own = writer.target.table.name
            let keys = try writer.foreignKeys(in: target).filter {
                tables.contains($0.child.name.postgresSQL) && tables.contains($0.parent.postgresSQL)
            }
            guard !keys.isEmpty else { continue }
            let changes = slice.changes.filter { $0.table == place }
            let written = changes.filter { $0.operation == .insert || $0.operation == .update }.map(\.row)
            for key in keys where key.child.name == own { try search(key, written, writer) }
            let gone = goneKeys(changes, writer)
            for key in keys where key.parent == own {
                if writer.isReferred(to: key) {
                    if let kept = former.take(key) { try search(key, referringTo: kept) }
                } else {
                    try search(key, referringTo: gone, writer)
                }
            }
        }
        return (found, former)
    }

    /// Rows with the keys that the slice has deleted or replaced, in the places of the slice's table.
    private func goneKeys(_ changes: [Change], _ writer: TableWriter) -> [Row] {
        changes.compactMap { change in
            if change.operation == .delete { return change.row }
            guard let former = change.formerKey else { return nil }
            var row = Row([Value?](repeating: nil, count: writer.schema.columns.count))
            for (place, value) in zip(writer.schema.key, former.values) { row[place] = value }
            return row
        }
    }

    // MARK: Statements

    /// Looks among the rows that were written.
    private mutating func search(_ key: ForeignKey, _ rows: [Row], _ writer: TableWriter) throws {
        guard !rows.isEmpty else { return }
        let keys = writer.keys(of: rows, from: 1)
        let question = Command(
            "\(Self.selection(key)) FROM \(keys.source) JOIN \(key.childRows) AS h ON \(keys.sameKey) "
                + "WHERE \(Self.isOrphan(key))",
            keys.parameters
        )
        try take(target.run([question])[0], key)
    }

    /// Looks among the rows that named rows which are gone by their keys.
    private mutating func search(_ key: ForeignKey, referringTo gone: [Row], _ writer: TableWriter) throws {
        guard !gone.isEmpty, let places = key.places(among: writer.keyNames) else { return }
        let keys = writer.keys(of: gone, from: 1)
        try search(key, naming: places.map { keys.values[$0] }, of: keys.source, keys.parameters)
    }

    /// Looks among the rows that named by other columns what no row has any more.
    private mutating func search(_ key: ForeignKey, referringTo former: FormerValues.Kept) throws {
        guard case .values(let values) = former else {
            let all = "\(Self.selection(key)) FROM \(key.childRows) AS h WHERE \(Self.isOrphan(key))"
            return try readingTables(Command(all), key)
        }
        let places = key.pairs.indices
        let names = places.map { "c\($0)" }
        let parameters = places.map { "$\($0 + 1)" }.joined(separator: ", ")
        let source = "unnest(\(parameters)) AS n(\(names.joined(separator: ", ")))"
        let given = zip(names, key.pairs).map { "n.\($0)::\($1.parentType)" }
        let held = zip(key.pairs, given).map { "p.\($0.parent.postgresIdentifier) \($0.parentEquals) \($1)" }
        func arrays(_ rows: [[String]]) -> [Parameter] { places.map { place in .texts(rows.map { $0[place] }) } }
        // Mostly nothing is gone, and those who might have named it, perhaps without an index, are not read.
        let question = Command(
            "SELECT \(names.map { "n.\($0)" }.joined(separator: ", ")) FROM \(source) "
                + "WHERE NOT EXISTS (SELECT FROM \(key.parentRows) AS p WHERE \(held.joined(separator: " AND ")))",
            arrays(Array(values.keys))
        )
        let answer = try target.run([question])[0]
        let gone = (0..<answer.rowCount).map { row in places.map { answer.text(row, $0) ?? "" } }
        if !gone.isEmpty { try search(key, naming: given, of: source, arrays(gone), values) }
    }

    /// - Parameters:
    ///   - parent: What the foreign key's columns have to be equal to, over `source`.
    ///   - source: A table of `parameters`.
    ///   - former: The keys of rows by the texts of what they had, which are in `source`; empty where that is their keys.
    private mutating func search(
        _ key: ForeignKey,
        naming parent: [String],
        of source: String,
        _ parameters: [Parameter],
        _ former: [[String]: Row] = [:]
    ) throws {
        let same = zip(key.pairs, parent).map { "\($1) \($0.equals) h.\($0.column.name.postgresIdentifier)" }
        let names = former.isEmpty ? [] : key.pairs.indices.map { "n.c\($0)" }
        let question = Command(
            "\(Self.selection(key, names)) FROM \(source) JOIN \(key.childRows) AS h ON \(same.joined(separator: " AND ")) "
                + "WHERE \(Self.isOrphan(key))",
            parameters
        )
        // The child's columns need have no index: then its rows are to be read once and not once for each key.
        try readingTables(question, key, former)
    }

    /// Asks about the foreign key's rows with plans that read whole tables.
    private mutating func readingTables(
        _ question: Command,
        _ key: ForeignKey,
        _ former: [[String]: Row] = [:]
    ) throws {
        try take(target.run([Self.planning("on"), question, Self.planning("off")])[1], key, former)
    }

    private static func planning(_ state: String) -> Command {
        Command(
            "SELECT set_config('enable_hashjoin', '\(state)', true), set_config('enable_seqscan', '\(state)', true)"
        )
    }

    /// The child's key and what it has in the foreign key's columns.
    private static func selection(_ key: ForeignKey, _ more: [String] = []) -> String {
        let columns = (childKey(key) + key.pairs.map(\.column)).map { "h.\($0.name.postgresIdentifier)" }
        return "SELECT \((columns + more).joined(separator: ", "))"
    }

    private static func isOrphan(_ key: ForeignKey) -> String {
        let columns = key.pairs.map { "h.\($0.column.name.postgresIdentifier)" }
        let same = zip(key.pairs, columns).map { "p.\($0.parent.postgresIdentifier) \($0.equals) \($1)" }
        let names = columns.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
        return "\(names) AND NOT EXISTS (SELECT FROM \(key.parentRows) AS p WHERE \(same.joined(separator: " AND ")))"
    }

    private static func childKey(_ key: ForeignKey) -> [PostgresColumn] {
        key.child.schema.key.map { key.child.columns[$0] }
    }

    private mutating func take(_ answer: QueryResult, _ key: ForeignKey, _ former: [[String]: Row] = [:]) throws {
        let own = Self.childKey(key)
        let columns = key.pairs.map(\.column)
        let first = own.count + columns.count
        for row in 0..<answer.rowCount {
            let orphan = Orphan(
                table: key.child.name,
                key: try answer.row(row, own, from: 0),
                constraint: key.name,
                columns: columns.map(\.name),
                parent: key.parent,
                parentColumns: key.pairs.map(\.parent),
                values: try answer.row(row, columns, from: own.count),
                former: former.isEmpty ? nil : former[columns.indices.map { answer.text(row, first + $0) ?? "" }]
            )
            if known.insert(orphan).inserted { found.append(orphan) }
        }
    }
}
