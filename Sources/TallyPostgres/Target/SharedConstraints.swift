import TallyModel

extension TableWriter {
    /// Whether the source's table has a unique or exclusion constraint of the target's as well: by what it says, not by
    /// its name.
    ///
    /// Where the source's constraints are not known none are shared: two rows that the source holds side by side, and
    /// the target cannot, would push each other out without a word.
    func sharesConstraint(_ name: String, in target: TargetConnection) throws -> Bool {
        guard let source = try TableBlueprint(schema.definition), source.columns.allSatisfy(isSame),
            let own = try PostgresCatalog.table(named: schema.name, in: target.ready(), detail: .definition),
            let held = try TableBlueprint(own.schema.definition)
        else { return false }
        if let constraint = held.constraints.first(where: { $0.name == name }) {
            return source.constraints.contains { $0.kind == constraint.kind && $0.sql == constraint.sql }
        }
        if let index = held.indexes.first(where: { $0.name == name }) {
            return source.indexes.contains { $0.isUnique && $0.sql == index.sql }
        }
        return false
    }

    /// Whether a column of the source's statements goes by its name here; else they do not speak of the same columns.
    private func isSame(_ column: TableBlueprint.Column) -> Bool {
        guard let sent = schema.columns.first(where: { $0.id == column.number }) else { return true }
        return sent.name == column.name
    }
}
