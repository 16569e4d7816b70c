import TallyModel

/// A foreign key of the target, between two tables or within one.
struct ForeignKey: Sendable {
    /// One column of the foreign key, and the one that it refers to.
    struct Pair: Sendable {
        var column: PostgresColumn
        var parent: String
        /// The referenced column's type, without modifiers.
        var parentType: String
        /// Takes the referenced value on its left.
        var equals: String
        /// Between two referenced values.
        var parentEquals: String
    }

    var name: String
    /// The table that has it; the whole one, where only a partition has.
    var child: PostgresTable
    /// What has it, quoted, for statements about its own rows.
    var childRows: String
    /// The table that it refers to; the whole one, where it refers to a partition.
    var parent: TableName
    var parentRows: String
    var pairs: [Pair]

    /// The place of each referenced column among the parent's key columns; `nil` where it refers to others.
    func places(among keyColumns: [String]) -> [Int]? {
        let places = pairs.compactMap { keyColumns.firstIndex(of: $0.parent) }
        return places.count == pairs.count ? places : nil
    }
}
