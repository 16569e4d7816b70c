/// A change that the target refuses for good, or that its transform cannot evaluate: parked with its reason.
///
/// There is one letter per row: later changes of the same key are folded into it, so that it always holds the net
/// effect of all that the target has not taken.
public struct DeadLetter: Sendable, Hashable {
    /// Given by the ledger; 0 before that.
    public var id: Int64
    public var flow: String
    /// The table as its source had it when the change was captured.
    public var schema: TableSchema
    /// The change, as captured: before any transform. Its ``Change/table`` means nothing here.
    public var change: Change
    /// The key, in key order, that later changes are recognised by.
    public var key: Row
    /// Why it was refused, in the words of the store or of the transform, without values of rows.
    public var reason: String
    /// Where in the source's history the latest refused change was committed.
    public var position: Position
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp
    /// How many changes were folded into the letter.
    public var changes: Int

    public init(
        id: Int64 = 0,
        flow: String,
        schema: TableSchema,
        change: Change,
        key: Row,
        reason: String,
        position: Position,
        firstSeen: Timestamp,
        lastSeen: Timestamp,
        changes: Int = 1
    ) {
        self.id = id
        self.flow = flow
        self.schema = schema
        self.change = change
        self.key = key
        self.reason = reason
        self.position = position
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.changes = changes
    }

    public var table: TableName { schema.name }
}
