/// What merging has to know of one of a group's tables.
public struct MergeTable: Sendable, Hashable {
    public var rules: MergeRules
    /// How each column's values are told apart, by column number.
    public var kinds: [ColumnKind]

    public init(rules: MergeRules, kinds: [ColumnKind]) {
        self.rules = rules
        self.kinds = kinds
    }
}
