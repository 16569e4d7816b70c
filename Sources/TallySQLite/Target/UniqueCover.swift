import SQLite
import TallyModel

/// Which unique indexes of a target's table the source's table keeps as well.
///
/// While a table catches up, a row in the way of a unique constraint may give way, because the stream is certain to
/// bring it again: at the source the two cannot stand side by side. That holds only for what is unique there too. Two
/// rows that the source does hold side by side, and the target cannot, would push each other out without a word.
struct UniqueCover {
    private let indexes: [UniqueIndex]

    /// Reads the source's constraints from the statements that made it, as SQLite itself understands them.
    ///
    /// Where they are not known, none are.
    init(of schema: TableSchema) throws {
        guard schema.definition?.kind == "sqlite" else {
            indexes = []
            return
        }
        let scratch = try Connection(path: ":memory:", access: .create)
        defer { scratch.close() }
        let structure = TableStructure(of: schema.name, in: scratch)
        let key = UniqueIndex(
            name: "key",
            terms: schema.keyColumns.map { UniqueIndex.Term(kind: .column($0.name), collation: $0.collation) }
        )
        do {
            try structure.create(schema)
            try structure.makeIndexes(of: schema)
            indexes = [key] + (try Catalog.uniqueIndexes(of: schema.name.sqliteName, in: scratch))
        } catch is StoreError {
            // What cannot be made here, for want of a collation or a function, is not relied upon.
            indexes = [key]
        }
    }

    /// Whether what is equal by `index` cannot be side by side in the source either.
    func covers(_ index: UniqueIndex) -> Bool {
        indexes.contains { own in
            Set(own.terms).isSubset(of: index.terms) && (own.condition == nil || own.condition == index.condition)
        }
    }
}
