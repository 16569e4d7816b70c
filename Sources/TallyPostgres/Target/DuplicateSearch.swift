import TallyModel

/// Looks for rows that share with a row of a slice what only one may have, where the server does not: it keeps a deferrable
/// constraint by a trigger, which rests while Tally writes
/// (https://www.postgresql.org/docs/current/sql-set-constraints.html).
struct DuplicateSearch {
    private let slice: Slice
    private let target: TargetConnection
    /// One for each of the slice's tables; `nil` for one without changes.
    private let writers: [TableWriter?]

    init(_ slice: Slice, in target: TargetConnection, _ writers: [TableWriter?]) {
        self.slice = slice
        self.target = target
        self.writers = writers
    }

    func duplicates() throws -> [Duplicate] {
        var found: [Duplicate] = []
        for (place, writer) in writers.enumerated() {
            guard let writer else { continue }
            let constraints = try writer.deferredConstraints(in: target)
            guard !constraints.isEmpty else { continue }
            let changes = slice.changes.filter { $0.table == place }
            let written = changes.filter { $0.operation == .insert || $0.operation == .update }.map(\.row)
            guard !written.isEmpty else { continue }
            for (name, obstacle) in constraints { found += try search(written, name, obstacle, writer) }
        }
        return found
    }

    private func search(
        _ rows: [Row],
        _ name: String,
        _ obstacle: Obstacle,
        _ writer: TableWriter
    ) throws -> [Duplicate] {
        let keys = writer.keys(of: rows, from: 1)
        let answer = try target.run([Command(Self.question(obstacle, writer, keys), keys.parameters, isKept: false)])[0]
        let columns = writer.statements.key.map { writer.statements.fields[$0.field].column }
        var known: Set<Set<Row>> = []
        return try (0..<answer.rowCount).compactMap { row in
            let pair = [
                try answer.row(row, columns, from: 0), try answer.row(row, columns, from: columns.count),
            ]
            guard known.insert(Set(pair)).inserted else { return nil }
            return Duplicate(
                table: writer.schema.name,
                keys: pair,
                constraint: name,
                columns: obstacle.columns,
                foldings: obstacle.foldings
            )
        }
    }

    /// The keys of a row that was written, `h`, and of another one, `o`.
    private static func question(_ obstacle: Obstacle, _ writer: TableWriter, _ keys: KeyArrays) -> String {
        let names = writer.statements.key.map { writer.statements.fields[$0.field].name }
        let terms = obstacle.terms.enumerated().map { "\($1.expression) AS tally_term_\($0)" }
        let condition = obstacle.condition.map { " WHERE (\($0))" } ?? ""
        let table = "(SELECT \((names + terms).joined(separator: ", ")) FROM \(obstacle.rows)\(condition))"
        let clashes = obstacle.terms.enumerated().map { place, term in
            let (held, other) = ("h.tally_term_\(place)", "o.tally_term_\(place)")
            let isSame = "\(held) \(term.operator) \(other)"
            return obstacle.joinsNulls ? "(\(isSame) OR (\(held) IS NULL AND \(other) IS NULL))" : isSame
        }
        let isSameRow = zip(names, writer.statements.key).map { "h.\($0) \($1.equals) o.\($0)" }
        return """
            SELECT \((names.map { "h.\($0)" } + names.map { "o.\($0)" }).joined(separator: ", "))
            FROM \(keys.source) JOIN \(table) AS h ON \(keys.sameKey)
            JOIN \(table) AS o ON \(clashes.joined(separator: " AND ")) AND NOT (\(isSameRow.joined(separator: " AND ")))
            """
    }
}

extension TableWriter {
    /// The table's unique and exclusion constraints that are deferrable, by their names, as they were when first asked for.
    func deferredConstraints(in target: TargetConnection) throws -> [(name: String, obstacle: Obstacle)] {
        if let deferredConstraints { return deferredConstraints }
        let answer = try target.run([Command(Self.deferredNames, [.integer(self.target.table.oid)])])[0]
        let read = try (0..<answer.rowCount).compactMap { row in
            let name = answer.text(row, 0) ?? ""
            return try obstacle(named: name, in: target).map { (name, $0) }
        }
        deferredConstraints = read
        return read
    }

    private static let deferredNames = """
        SELECT conname FROM pg_constraint WHERE conrelid = $1 AND condeferrable AND contype IN ('p', 'u', 'x') ORDER BY conname
        """
}
