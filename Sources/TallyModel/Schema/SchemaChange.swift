/// A change of what tables a store has or how one is made, in its place among the changes of rows.
public enum SchemaChange: Sendable, Hashable {
    /// A selected table is new. Its rows need a load; changes from here on are captured.
    case created(TableSchema)
    /// Columns were added, dropped or renamed: compare by ``Column/id``.
    case altered(from: TableSchema, to: TableSchema)
    /// The table is gone.
    case dropped(TableName)
    /// The table was made anew, its rows got new implicit keys, or changes may have gone unseen: it needs a load to be
    /// right. Carries the table as it is now.
    case invalidated(TableSchema, reason: String)

    public var table: TableName {
        switch self {
        case .created(let schema): schema.name
        case .altered(_, let schema): schema.name
        case .dropped(let name): name
        case .invalidated(let schema, _): schema.name
        }
    }
}
