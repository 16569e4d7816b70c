/// Finds the index whose columns are a table's key.
struct KeyChoice {
    /// One row of `pg_index`.
    struct Index {
        var name: String
        var isPrimary: Bool
        var isUnique: Bool
        var isExclusion: Bool
        var isReplicaIdentity: Bool
        /// Checked with each row and not at the end of a statement or transaction; not being built; over whole columns of
        /// all rows.
        var isPlain: Bool
        /// Column numbers in key order; 0 for an expression. Those that are only included are left out.
        var columns: [Int16]

        /// Whether two rows may not agree in it, so that rows depend on each other's order.
        var isConstraining: Bool { isUnique || isExclusion }
    }

    /// The index; `nil` when rows have nothing that tells them apart.
    let index: Index?
    /// Whether rows are bound to each other by another unique index or an exclusion constraint.
    let hasSecondUnique: Bool

    init(among indexes: [Index], notNull: Set<Int16>, identity: PostgresTable.ReplicaIdentity) {
        let candidates = indexes.filter { index in
            index.isUnique && index.isPlain && !index.columns.isEmpty && index.columns.allSatisfy(notNull.contains)
        }
        let identityIndex = identity == .index ? candidates.first { $0.isReplicaIdentity } : nil
        let choice =
            identityIndex ?? candidates.first { $0.isPrimary }
            // Among several the narrowest, and by name, so that it is the same every time.
            ?? candidates.min { ($0.columns.count, $0.name) < ($1.columns.count, $1.name) }
        index = choice
        hasSecondUnique = indexes.contains { $0.isConstraining && $0.name != choice?.name }
    }
}
