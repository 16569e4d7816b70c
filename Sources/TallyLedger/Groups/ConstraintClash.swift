public import TallyMerge

/// What keeps a row out of members.
public struct ConstraintClash: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        /// Another row has what the row claims, and claimed it before.
        case unique
        /// The row that it refers to is not there.
        case parent
        /// No row has any more what it refers to.
        case reference
        /// The row breaks a rule by itself, as merging has made it.
        case row
        /// One member does without the row, for reasons of its own.
        case refused
    }

    public var kind: Kind
    /// The constraint's name in the member that found it; for ``Kind/refused`` what that member says.
    public var name: String?
    /// The numbers of the columns that it is about.
    public var columns: [Int]
    /// The row that it clashes with, or misses, or that had what it refers to.
    public var other: RowID?
    /// The member that found it.
    public var member: Actor?

    public init(kind: Kind, name: String?, columns: [Int], other: RowID?, member: Actor?) {
        self.kind = kind
        self.name = name
        self.columns = columns
        self.other = other
        self.member = member
    }
}
