public import TallyEngine
public import TallyMerge
public import TallyModel

/// What a group is asked to do, between stores that are named elsewhere.
public struct GroupSettings: Sendable, Hashable {
    public var name: String
    /// The members' names, which are those of their stores.
    public var members: [String]
    /// The member whose tables and rows the group begins with, and whose values win where others hold different ones.
    public var seed: String
    public var tables: [GroupTableSettings]
    /// Whether tables that a member lacks are created there.
    public var createsMissing: Bool
    /// How far a member's clock may be ahead of the node's before its times are cut off.
    public var skew: Duration
    /// How long history is kept that every member has.
    public var retention: Duration
    /// The lag that `status` judges by; `nil` where no objective was set.
    public var lag: Duration?
    public var retry: RetrySettings

    public init(
        name: String,
        members: [String],
        seed: String,
        tables: [GroupTableSettings],
        createsMissing: Bool = true,
        skew: Duration = .seconds(60),
        retention: Duration = .seconds(7 * 24 * 3600),
        lag: Duration? = nil,
        retry: RetrySettings = RetrySettings()
    ) {
        self.name = name
        self.members = members
        self.seed = seed
        self.tables = tables
        self.createsMissing = createsMissing
        self.skew = skew
        self.retention = retention
        self.lag = lag
        self.retry = retry
    }
}

/// How the rows of one table merge.
public struct GroupTableSettings: Sendable, Hashable {
    public var name: TableName
    /// By the column's name.
    public var columns: [String: PolicySetting]
    /// For all other columns.
    public var other: PolicySetting
    public var delete: DeletePolicy

    public init(
        name: TableName,
        columns: [String: PolicySetting] = [:],
        other: PolicySetting = .policy(.latest),
        delete: DeletePolicy = .latest
    ) {
        self.name = name
        self.columns = columns
        self.other = other
        self.delete = delete
    }
}

/// A policy as a configuration names it.
public enum PolicySetting: Sendable, Hashable {
    case policy(ColumnPolicy)
    /// Members by name, the most trusted first.
    case prefer([String])

    /// The policy, with members as the group's ledger numbers them.
    func resolved(_ actors: [String: [Actor]]) -> ColumnPolicy {
        switch self {
        case .policy(let policy): policy
        case .prefer(let names): .prefer(names.flatMap { actors[$0] ?? [] })
        }
    }
}
