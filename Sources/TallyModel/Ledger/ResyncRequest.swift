/// A load that a person asked for and that has not begun.
public struct ResyncRequest: Sendable, Hashable {
    /// Given by the ledger, to each request another: what was asked again meanwhile is not forgotten with it.
    public var id: Int64
    /// `nil` for all tables, from a new history.
    public var table: TableName?

    public init(id: Int64, table: TableName?) {
        self.id = id
        self.table = table
    }
}
