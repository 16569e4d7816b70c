package import TallyModel

/// What a change of a table's structure means for the target, by the flow's rules. Columns are matched by id.
package struct Adoption {
    private let added: [Column]
    private let dropped: [Column]
    private let renamed: [(from: Column, to: Column)]
    private let retyped: [Column]
    private let rules: SchemaRules

    package init(from old: TableSchema, to new: TableSchema, rules: SchemaRules) {
        let before = Dictionary(uniqueKeysWithValues: old.columns.map { ($0.id, $0) })
        let after = Dictionary(uniqueKeysWithValues: new.columns.map { ($0.id, $0) })
        added = new.columns.filter { before[$0.id] == nil }
        dropped = old.columns.filter { after[$0.id] == nil }
        renamed = old.columns.compactMap { column in
            after[column.id].flatMap { $0.name == column.name ? nil : (column, $0) }
        }
        let isSameKind = old.definition?.kind == new.definition?.kind
        retyped = new.columns.filter { column in
            isSameKind && before[column.id].map { $0.declaredType != column.declaredType } ?? false
        }
        self.rules = rules
    }

    /// The new columns that the rules leave out.
    package var ignored: [Int] { rules.added == .ignore ? added.map(\.id) : [] }

    package var summary: String {
        var parts = added.map { "added \($0.name)" }
        parts += dropped.map { "dropped \($0.name)" }
        parts += renamed.map { "renamed \($0.from.name) to \($0.to.name)" }
        parts += retyped.map { "changed the type of \($0.name)" }
        return parts.isEmpty ? "unchanged columns" : parts.joined(separator: ", ")
    }

    /// Why the table has to stand still; `nil` when the rules say how to go on.
    package func pauseReason(flow: String) -> String? {
        let isPaused =
            rules.added == .pause && !added.isEmpty || rules.dropped == .pause && !dropped.isEmpty
            || rules.renamed == .pause && !renamed.isEmpty
        return isPaused
            ? "its structure changed (\(summary)) and the flow's `schema` rules say pause; bring the target's table to "
                + "the same structure, then `tally resume \(flow) TABLE`"
            : nil
    }

    /// Whether a new column goes by the name of one that the target has already, such as one that was dropped at the
    /// source and kept: then what the target holds in it is another column's, and the table has to be compared.
    package func inheritsValues(_ output: TableSchema, existing: TableSchema) -> Bool {
        let new = Set(added.map(\.id))
        return output.columns.contains { new.contains($0.id) && !$0.isHidden && existing.column(named: $0.name) != nil }
    }

    /// Whether rows that were there before the change may hold other values now, which the target cannot compute from
    /// what it has: the table has to be compared.
    package var changesRows: Bool { !retyped.isEmpty || added.contains { !$0.hasLiteralDefault } }

    /// What is to be done to the target's table.
    ///
    /// - Parameters:
    ///   - output: The table as the flow now sends it.
    ///   - existing: The table as the target has it.
    ///   - previous: The table as the flow sent it before.
    package func steps(for output: TableSchema, existing: TableSchema, previous: TableSchema?) -> [TableAlteration] {
        var steps: [TableAlteration] = []
        var names = Set(existing.columns.map(\.name))
        let sent = Dictionary(uniqueKeysWithValues: output.columns.map { ($0.id, $0) })
        for (from, to) in renamed {
            // The transform may have given the column a name of its own, which stays.
            guard let now = sent[to.id]?.name,
                let before = previous?.columns.first(where: { $0.id == from.id })?.name,
                now != before, names.contains(before), !names.contains(now)
            else { continue }
            steps.append(.rename(from: before, to: now))
            names.remove(before)
            names.insert(now)
        }
        for column in output.columns where retyped.contains(where: { $0.id == column.id }) {
            // What a transform computes has no type of the source's.
            if !column.declaredType.isEmpty, names.contains(column.name) {
                steps.append(.retype(column, from: output.definition))
            }
        }
        if rules.dropped == .follow {
            for column in dropped {
                guard let name = previous?.columns.first(where: { $0.id == column.id })?.name, names.contains(name),
                    !output.columns.contains(where: { $0.name == name })
                else { continue }
                steps.append(.drop(column: name))
                names.remove(name)
            }
        }
        for column in output.columns where !names.contains(column.name) && !column.isHidden {
            steps.append(.add(column, from: output.definition))
        }
        return steps
    }
}
