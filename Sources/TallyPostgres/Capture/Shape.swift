import TallyModel

/// One structure of a captured table, with what it takes to read the rows that were captured under it.
struct Shape: Sendable, Hashable, Codable {
    /// Grows; a later structure of the same table has a greater one.
    var id: Int
    var table: PostgresTable
    /// The numbers of the columns that a captured row holds, in its order; generated ones among them.
    var fields: [Int16]
    /// The same for partitions whose columns are in another order, by the partition's object identifier; the numbers are
    /// those of the partitioned table.
    var partitionFields: [UInt32: [Int16]] = [:]
    /// The partitions that the table had.
    var partitions: [UInt32] = []
    /// The triggers as the catalog had them when they were last made: changes when somebody switches them off and on.
    var triggers = ""
    /// Why the table has to be loaded anew from here on; `nil` where the rows of the shape before lead to this one.
    var reason: String?
    /// The transaction that recorded it. 0 until it is recorded.
    var since: UInt64 = 0
    /// The transaction that ended it.
    var until: UInt64?

    var schema: TableSchema { table.schema }
    var name: TableName { table.schema.name }
    var relation: UInt32 { table.oid }

    func holds(in snapshot: ServerSnapshot) -> Bool {
        snapshot.contains(since) && !(until.map(snapshot.contains) ?? false)
    }

    func fields(in relation: UInt32) -> [Int16] { partitionFields[relation] ?? fields }

    /// Whether rows that were written while the structure became `next` tell by the number of their fields which
    /// structure they have: columns only came, or one went.
    func leads(to next: Shape) -> Bool {
        let (old, new) = (Set(fields), Set(next.fields))
        let (added, dropped) = (new.subtracting(old).count, old.subtracting(new).count)
        return added == 0 && dropped <= 1 || dropped == 0
    }

    /// Whether captured rows are read alike, and a flow would see the same table.
    func isSame(as other: Shape) -> Bool {
        !Rewrite(from: table, to: other.table).isStructural && name == other.name && fields == other.fields
            && partitionFields == other.partitionFields
    }
}
