/// What a group asks of a store before it makes it a member.
public struct MemberRequest: Sendable {
    public var group: String
    /// The group's tables, as the member that the group begins with has them.
    public var tables: [TableSchema]
    /// Whether tables that the store lacks are to be made.
    public var createsMissing: Bool
    /// The member's place among the members, from 0.
    public var place: Int
    public var memberCount: Int
    /// How far the store's clock may be from the node's.
    public var skew: Duration
    /// Flows that capture the store too, as far as they are known beside those that the store itself knows.
    public var flows: [String]
    public var now: WallClock

    public init(
        group: String,
        tables: [TableSchema],
        createsMissing: Bool,
        place: Int,
        memberCount: Int,
        skew: Duration,
        flows: [String] = [],
        now: @escaping WallClock
    ) {
        self.group = group
        self.tables = tables
        self.createsMissing = createsMissing
        self.place = place
        self.memberCount = memberCount
        self.skew = skew
        self.flows = flows
        self.now = now
    }
}
