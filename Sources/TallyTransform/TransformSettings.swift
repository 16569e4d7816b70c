/// What a flow does to the rows of one table on their way, in SQL expressions over one row.
public struct TransformSettings: Sendable, Hashable {
    /// Which rows take part; `nil` for all. Rows for which it is 0 or NULL do not.
    public var `where`: String?
    /// Columns with a computed value, by name. Each expression sees the row as the source has it.
    public var set: [String: String]
    /// Columns that are not sent.
    public var drop: [String]
    /// Columns with another name in the target: from the source's name to the target's.
    public var rename: [String: String]
    /// The table's name in the target; `nil` for the same one.
    public var table: String?
    /// What messages show instead of an expression that holds a secret, by setting: `where`, `set.email`.
    public var shown: [String: String]

    public init(
        where: String? = nil,
        set: [String: String] = [:],
        drop: [String] = [],
        rename: [String: String] = [:],
        table: String? = nil,
        shown: [String: String] = [:]
    ) {
        self.where = `where`
        self.set = set
        self.drop = drop
        self.rename = rename
        self.table = table
        self.shown = shown
    }

    /// Whether rows, columns and table pass exactly as they are.
    public var isIdentity: Bool { self == TransformSettings() }
}
