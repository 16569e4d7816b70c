import TallyModel

/// The structure of one captured table over one stretch of the log.
///
/// A column's id is its slot: the number of the log's value column that takes its values. A shape is never changed and
/// never forgotten, so that whatever the log still holds can be read.
struct Shape: Sendable, Hashable {
    let id: Int64
    let schema: TableSchema
    /// The row of the log that announced it.
    var since: Int64
    /// The row of the log that announced its end; `nil` while it holds.
    var until: Int64?
    /// The first slot that no column of the table has had.
    let nextSlot: Int
    /// The unique indexes beside the key when its triggers were made, in words that differ when the indexes do.
    var uniqueIndexes: [String]

    func holds(at sequence: Int64) -> Bool {
        since <= sequence && sequence < (until ?? .max)
    }
}

/// Gives columns of a table their ids.
enum ColumnIdentity {
    /// - Parameters:
    ///   - found: The table as the catalog has it.
    ///   - former: The last shape of a table of that name.
    ///   - presentNames: What each column of `former` is called now, if that is known better than by its name.
    /// - Returns: The schema with ids, and the next free slot.
    static func assign(
        to found: TableSchema,
        former: Shape?,
        presentNames: [String]?
    ) -> (schema: TableSchema, nextSlot: Int) {
        var schema = found
        var next = former?.nextSlot ?? 0
        let names = presentNames ?? former?.schema.columns.map(\.name) ?? []
        var lastKept = -1
        for index in schema.columns.indices {
            let known = names.firstIndex(of: schema.columns[index].name)
            // ALTER TABLE adds columns at the end and never reorders: a known name behind columns that used to follow
            // it was dropped and added again, and is another column.
            if let known, let former, presentNames == nil || known > lastKept {
                schema.columns[index].id = former.schema.columns[known].id
                lastKept = max(lastKept, known)
            } else {
                schema.columns[index].id = next
                next += 1
            }
        }
        schema.version = former?.schema.version ?? 1
        if let former, former.schema.columns != schema.columns || former.schema.key != schema.key {
            schema.version += 1
        }
        return (schema, next)
    }
}
