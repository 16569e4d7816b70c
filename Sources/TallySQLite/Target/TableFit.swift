import TallyModel

/// How a table of the target takes the rows of a schema: which column is whose, and what is in the way.
struct TableFit: Sendable {
    let schema: TableSchema
    let existing: TableSchema
    /// For each column of the schema its place in the target's table.
    let places: [Int?]
    private let uniqueIndexes: [UniqueIndex]

    init(_ schema: TableSchema, in existing: TableSchema, uniqueIndexes: [UniqueIndex]) {
        let schema = schema.withSQLiteCollations
        self.schema = schema
        self.existing = existing
        self.uniqueIndexes = uniqueIndexes
        places = schema.columns.map { column in
            if column.isHidden { return existing.columns.firstIndex(where: \.isHidden) }
            return existing.column(folding: column.name).flatMap { existing.columns[$0].isHidden ? nil : $0 }
        }
    }

    /// Why the rows cannot be written; `nil` when they can.
    var problem: String? { missingProblem ?? keyProblem ?? collationProblem }

    var missingProblem: String? {
        let missing = zip(schema.columns, places).filter { $1 == nil && !$0.isHidden }.map(\.0.name)
        guard !missing.isEmpty else { return nil }
        return "the target's table \(schema.name) has no column \(missing.joined(separator: ", ")); add it there, or "
            + "`drop` it in the flow's transform"
    }

    var keyProblem: String? {
        let key = schema.key.map { places[$0] }
        let wanted = Set(key.compactMap { $0 })
        let isUnique =
            key.count == wanted.count && (wanted == Set(existing.key) || uniqueIndexes.contains { isKey($0, wanted) })
        if isUnique { return nil }
        if schema.hasImplicitKey {
            return "the source's table declares no key and its rows are known by their rowid, but the target's table "
                + "\(schema.name) has the key \(names(existing.keyColumns)); declare a key in the source, or let Tally "
                + "create the target's table"
        }
        let held = existing.hasImplicitKey ? "declares none" : "has \(names(existing.keyColumns))"
        return "rows are known by \(names(schema.keyColumns)), but the target's table \(schema.name) \(held); make "
            + "that its primary key, or make a unique index on it"
    }

    /// Two keys of the source that are one in the target would make one row of two.
    var collationProblem: String? {
        for (column, place) in zip(schema.columns, places) where schema.keyColumns.contains(column) {
            guard let held = place.map({ existing.columns[$0] }) else { continue }
            let (wanted, kept) = (column.collation ?? "BINARY", held.collation ?? "BINARY")
            guard kept.uppercased() != "BINARY", wanted.uppercased() != kept.uppercased() else { continue }
            return
                "keys are told apart by \(wanted) in the source and by \(kept) in the target (\(column.name)), so that "
                + "two rows of the source can be one in the target; declare `COLLATE \(wanted)` for the column there"
        }
        return nil
    }

    /// The unique indexes of the target's table that are not its key under another name.
    var secondaryIndexes: [UniqueIndex] {
        let wanted = Set(schema.key.compactMap { places[$0] })
        return uniqueIndexes.filter { !isKey($0, wanted) }
    }

    /// Columns that only the target has and that no row could be inserted without.
    var unfilled: [Column] {
        let filled = Set(places.compactMap { $0 })
        return existing.columns.indices.filter { place in
            let column = existing.columns[place]
            // SQLite numbers the rows of such a table by itself.
            let isNumbered = existing.key == [place] && column.declaredType.uppercased() == "INTEGER"
            return !filled.contains(place) && !column.isHidden && !column.isNullable && !column.isGenerated
                && column.defaultExpression == nil && !isNumbered
        }.map { existing.columns[$0] }
    }

    private func isKey(_ index: UniqueIndex, _ wanted: Set<Int>) -> Bool {
        guard index.condition == nil, index.terms.count == wanted.count else { return false }
        return index.terms.allSatisfy { term in
            guard case .column(let name) = term.kind, let place = existing.column(folding: name) else { return false }
            return wanted.contains(place)
        }
    }

    private func names(_ columns: [Column]) -> String { columns.map(\.name).joined(separator: ", ") }
}
