import TallyModel

/// What two structures of one table differ in, and what of it the log does not show.
struct Rewrite {
    private let former: PostgresTable
    private let current: PostgresTable

    init(from former: PostgresTable, to current: PostgresTable) {
        self.former = former
        self.current = current
    }

    /// Whether rows are different, or are known by another key.
    var isStructural: Bool {
        former.columns != current.columns || former.schema.columns != current.schema.columns
            || former.schema.key != current.schema.key
    }

    /// Why rows that were there hold other values now, because columns have other types; `nil` when they do not.
    var changedTypes: String? {
        let before = Dictionary(uniqueKeysWithValues: former.columns.map { ($0.number, $0) })
        let changed = current.columns.filter { column in
            before[column.number].map { !Self.keepsValues(from: $0, to: column) } ?? false
        }
        guard !changed.isEmpty else { return nil }
        let names = changed.map(\.name).joined(separator: ", ")
        return "the type of \(names) changed, and the log does not show what became of the rows that were there"
    }

    /// Why rows that were there hold values that another database would not compute alike, because of the defaults of
    /// new columns; `nil` when they do not.
    var computedColumns: String? {
        let before = Set(former.schema.columns.map(\.id))
        let added = current.schema.columns.filter { !before.contains($0.id) && !$0.hasLiteralDefault }
        guard !added.isEmpty else { return nil }
        let names = added.map(\.name).joined(separator: ", ")
        return "\(names) was added with a default that is computed, and what was captured does not show what the rows "
            + "that were there hold in it"
    }

    /// Whether every value stays as it was, to the last digit.
    private static func keepsValues(from old: PostgresColumn, to new: PostgresColumn) -> Bool {
        if old.type == new.type, old.typeModifier == new.typeModifier { return true }
        let (text, varchar, numeric): (UInt32, UInt32, UInt32) = (25, 1043, 1700)
        if [text, varchar].contains(old.type), new.type == text { return true }
        guard old.type == new.type else { return false }
        if new.typeModifier < 0 { return [varchar, numeric].contains(new.type) }
        guard old.typeModifier >= 0 else { return false }
        switch new.type {
        case varchar: return new.typeModifier >= old.typeModifier
        // The scale is in the lower half; from version 15 on in eleven bits with a sign.
        case numeric:
            return (new.typeModifier - 4) & 0xFFFF == (old.typeModifier - 4) & 0xFFFF
                && new.typeModifier >= old.typeModifier
        default: return false
        }
    }
}
