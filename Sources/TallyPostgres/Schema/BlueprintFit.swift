import TallyModel

/// How a blueprint becomes a table for rows of a schema: what of it a flow leaves out, renames or computes.
///
/// Expressions of the blueprint know columns by the names they had at the source. So a table is made under those, its
/// *draft names*, and then renamed by the server, which rewrites every expression.
struct BlueprintFit {
    let blueprint: TableBlueprint
    let schema: TableSchema
    /// The names that columns of the blueprint get, by number. Those that are left out or computed are not in it.
    let names: [Int: String]
    /// Columns of the schema that the blueprint does not describe.
    let extras: [Column]

    init(_ blueprint: TableBlueprint, to schema: TableSchema) {
        self.blueprint = blueprint
        self.schema = schema
        let known = Set(blueprint.columns.filter { $0.generation == nil }.map(\.number))
        let computed = Set(schema.definition?.computed ?? [])
        let kept = schema.columns.filter { column in
            known.contains(column.id) && !column.declaredType.isEmpty && !computed.contains(column.name)
        }
        var names = Dictionary(kept.map { ($0.id, $0.name) }, uniquingKeysWith: { $1 })
        let taken = Set(schema.columns.map(\.name))
        for column in blueprint.columns where column.generation != nil && !taken.contains(column.name) {
            // Computed from columns that the flow sends as they are.
            if column.uses.allSatisfy({ known.contains($0) && names[$0] != nil }) { names[column.number] = column.name }
        }
        self.names = names
        extras = schema.columns.filter { names[$0.id] == nil }
    }

    /// Whether the table has all of these columns.
    func has(_ uses: [Int]) -> Bool { uses.allSatisfy { names[$0] != nil } }

    // MARK: Columns

    /// - Parameter isFree: Whether nothing in the target has the name yet.
    func columnClauses(isFree: (TableName) -> Bool) -> [String] {
        let kept = blueprint.columns.filter { names[$0.number] != nil }.map { clause($0, isFree) }
        return kept + extras.map { "\(draftName(of: $0).postgresIdentifier) \(PostgresType.ofComputed($0))" }
    }

    private func clause(_ column: TableBlueprint.Column, _ isFree: (TableName) -> Bool) -> String {
        var parts = [column.name.postgresIdentifier, column.type]
        if let collation = column.collation { parts.append("COLLATE \(collation)") }
        if let generation = column.generation, let expression = column.expression {
            parts.append("GENERATED ALWAYS AS (\(expression)) \(generation)")
        } else if let identity = column.identity {
            parts.append("GENERATED \(identity) AS IDENTITY\(identityOptions(of: column, isFree))")
        } else if let expression = column.expression {
            parts.append("DEFAULT \(expression)")
        }
        if column.isNotNull { parts.append("NOT NULL") }
        return parts.joined(separator: " ")
    }

    private func identityOptions(of column: TableBlueprint.Column, _ isFree: (TableName) -> Bool) -> String {
        guard let sequence = blueprint.sequences.first(where: { $0.isIdentity && $0.owner == column.number }) else {
            return ""
        }
        // Its type is the column's.
        let options = sequence.options.drop { $0 != " " }.dropFirst().drop { $0 != " " }
        let name = isFree(sequence.name) ? "SEQUENCE NAME \(sequence.name.postgresSQL)" : ""
        return " (\(name)\(options))"
    }

    // MARK: Renaming

    private func draftName(of extra: Column) -> String {
        let drafts = blueprint.columns.filter { names[$0.number] != nil }.map(\.name)
        return drafts.contains(extra.name) ? "_tally_\(extra.id)" : extra.name
    }

    /// From draft names to those of the table.
    private var renames: [(draft: String, final: String)] {
        let kept = blueprint.columns.compactMap { column in names[column.number].map { (column.name, $0) } }
        return (kept + extras.map { (draftName(of: $0), $0.name) }).filter { $0 != $1 }
    }

    /// Whether the table's columns have other names than at the source.
    var isRenamed: Bool { !renames.isEmpty }

    /// Statements that give the columns their names; backwards, those that give them their draft names again.
    func renaming(_ table: String, backwards: Bool = false) -> [String] {
        let steps = renames.map { backwards ? ($0.final, $0.draft) : ($0.draft, $0.final) }
        // In two steps, because a name may be another column's as long as that has not got its own.
        let aside = steps.enumerated().map { ($1.0, "_tally_\($0)_") }
        let back = steps.enumerated().map { ("_tally_\($0)_", $1.1) }
        return (aside + back).map { from, to in
            "ALTER TABLE \(table) RENAME COLUMN \(from.postgresIdentifier) TO \(to.postgresIdentifier)"
        }
    }
}
