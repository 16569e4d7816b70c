import TallyModel

/// Looks for rows that one slice has left without the row which a foreign key names.
struct OrphanSearch {
    private let slice: Slice
    private let target: TargetConnection
    /// One for each of the slice's tables; `nil` for one without changes.
    private let writers: [TableWriter?]
    /// The slice's tables, quoted.
    private let tables: Set<String>
    private var found: [Orphan] = []
    private var known: Set<Orphan> = []

    init(_ slice: Slice, in target: TargetConnection, _ writers: [TableWriter?]) {
        self.slice = slice
        self.target = target
        self.writers = writers
        tables = Set(slice.tables.map(\.name.postgresSQL))
    }

    mutating func orphans() throws -> [Orphan] {
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
            for key in keys where key.parent == own { try search(key, referringTo: gone, writer) }
        }
        return found
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

    /// Looks among the rows that named rows which are gone; where they were named by other columns than the key's, it is
    /// not known what they had in them.
    private mutating func search(_ key: ForeignKey, referringTo gone: [Row], _ writer: TableWriter) throws {
        let names = writer.statements.key.map { writer.statements.fields[$0.field].column.name }
        let places = key.pairs.compactMap { names.firstIndex(of: $0.parent) }
        guard !gone.isEmpty, places.count == key.pairs.count else { return }
        let keys = writer.keys(of: gone, from: 1)
        let same = zip(key.pairs, places).map { pair, place in
            "\(keys.values[place]) \(pair.equals) h.\(pair.column.name.postgresIdentifier)"
        }
        let question = Command(
            "\(Self.selection(key)) FROM \(keys.source) JOIN \(key.childRows) AS h ON \(same.joined(separator: " AND ")) "
                + "WHERE \(Self.isOrphan(key))",
            keys.parameters
        )
        // The child's columns need have no index: then its rows are to be read once and not once for each key.
        try take(target.run([Self.planning("on"), question, Self.planning("off")])[1], key)
    }

    private static func planning(_ state: String) -> Command {
        Command(
            "SELECT set_config('enable_hashjoin', '\(state)', true), set_config('enable_seqscan', '\(state)', true)"
        )
    }

    /// The child's key and what it has in the foreign key's columns.
    private static func selection(_ key: ForeignKey) -> String {
        let columns = childKey(key) + key.pairs.map(\.column)
        return "SELECT \(columns.map { "h.\($0.name.postgresIdentifier)" }.joined(separator: ", "))"
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

    private mutating func take(_ answer: QueryResult, _ key: ForeignKey) throws {
        let own = Self.childKey(key)
        let columns = key.pairs.map(\.column)
        for row in 0..<answer.rowCount {
            let orphan = Orphan(
                table: key.child.name,
                key: try answer.row(row, own, from: 0),
                constraint: key.name,
                columns: columns.map(\.name),
                parent: key.parent,
                parentColumns: key.pairs.map(\.parent),
                values: try answer.row(row, columns, from: own.count)
            )
            if known.insert(orphan).inserted { found.append(orphan) }
        }
    }
}
