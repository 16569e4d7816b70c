import TallyMerge
import TallyModel

/// A constraint that a row of the group breaks in a member, as the member found it.
struct FoundBreach: Sendable {
    var row: RowID
    /// What the group can decide about; `nil` where that is nothing.
    var breach: Breach?
    /// What the row has in the columns of a foreign key.
    var values: Row?
    /// The constraint's name in the member.
    var constraint: String?
    /// Whether the member does without the row.
    var isRefused: Bool
    /// In the member's words.
    var reason: String
    /// Whether the member has refused the row before.
    var isKnown = false
}

extension FoundBreach {
    /// - Parameter violation: What the member says about a row of `table` that it refuses; `nil` where it takes it after all.
    init(_ row: RowID, _ violation: Violation?, _ reason: String, in table: GroupTable) {
        self.init(row: row, constraint: violation?.constraint, isRefused: true, reason: violation?.reason ?? reason)
        guard let violation else { return }
        switch violation.kind {
        case .unique:
            // Where there are several, the others come to light when the first has given way.
            guard let other = violation.obstacles.first.map(table.id), other != row else { return }
            breach = Breach(row: row, rule: .unique(table.terms(violation.columns, violation.foldings), other))
        case .check, .notNull:
            breach = Breach(row: row, rule: .row(violation.columns.compactMap { table.schema.column(named: $0) }))
        case .foreignKey, .other: breach = nil
        }
    }

    /// Without what only the member knows to clash, if it clashes with a row that the member does not hold as it was brought it:
    /// by values such a clash could be told from one, by the member's word it cannot.
    ///
    /// - Parameter otherwise: The rows that the member holds otherwise.
    func reliable(where otherwise: Set<RowID>) -> FoundBreach {
        guard case .unique([], let other) = breach?.rule, otherwise.contains(other) else { return self }
        var result = self
        result.breach = nil
        return result
    }

    /// Two rows of `table` that the member holds although only one of them may be there.
    init(_ duplicate: Duplicate, in table: GroupTable) {
        let rows = duplicate.keys.map(table.id)
        let terms = table.terms(duplicate.columns, duplicate.foldings)
        self.init(
            row: rows[0],
            breach: Breach(row: rows[0], rule: .unique(terms, rows[1])),
            constraint: duplicate.constraint,
            isRefused: false,
            reason: "another row holds what only one may"
        )
    }

    /// A row without the row that it refers to; `nil` where the group does not have the columns in question.
    init?(_ orphan: Orphan, child: GroupTable, childSchema: TableSchema, parent: GroupTable) {
        let names = childSchema.keyColumns.map(\.name)
        let key = child.schema.keyColumns.map { column in names.firstIndex(of: column.name).flatMap { orphan.key[$0] } }
        guard !key.contains(nil) else { return nil }
        let row = child.id(of: Row(key))
        // The foreign key's columns in the order of the parent's key, where that is what it refers to.
        let keyPlaces = parent.schema.keyColumns.compactMap { orphan.parentColumns.firstIndex(of: $0.name) }
        let refersToKey = keyPlaces.count == parent.schema.key.count && keyPlaces.count == orphan.columns.count
        let places = refersToKey ? keyPlaces : Array(orphan.columns.indices)
        let columns = places.compactMap { child.schema.column(named: orphan.columns[$0]) }
        let referenced = places.compactMap { parent.schema.column(named: orphan.parentColumns[$0]) }
        guard columns.count == orphan.columns.count, referenced.count == columns.count else { return nil }
        let values = orphan.values.picking(places)
        let rule: Breach.Rule =
            refersToKey
            ? .parent(columns, parent.id(of: values))
            : .reference(
                columns,
                Referenced(table: parent.number, columns: referenced, former: orphan.former.map(parent.id))
            )
        self.init(
            row: row,
            breach: Breach(row: row, rule: rule),
            values: values,
            constraint: orphan.constraint,
            isRefused: false,
            reason: "the row that it refers to is not there"
        )
    }
}

extension GroupTable {
    /// What a unique constraint compares; nothing where only the member knows.
    fileprivate func terms(_ columns: [String], _ foldings: [TextFolding]?) -> [UniqueTerm] {
        let numbers = columns.compactMap { schema.column(named: $0) }
        guard let foldings, numbers.count == columns.count else { return [] }
        return zip(numbers, foldings).map { UniqueTerm(column: $0, folding: $1) }
    }
}
