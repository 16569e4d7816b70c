/// One thing that `tally check` has to say about a store or a table.
public struct Finding: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable, Comparable {
        /// How it will be; nothing to do.
        case note
        /// It will run, and something may not be as the user expects.
        case warning
        /// It cannot run so.
        case error

        public static func < (left: Severity, right: Severity) -> Bool {
            let order: [Severity] = [.note, .warning, .error]
            return order.firstIndex(of: left)! < order.firstIndex(of: right)!
        }
    }

    public var severity: Severity
    /// The table it is about, where it is about one.
    public var table: TableName?
    public var message: String
    /// What to do about it.
    public var remedy: String?

    public init(_ severity: Severity, table: TableName? = nil, _ message: String, remedy: String? = nil) {
        self.severity = severity
        self.table = table
        self.message = message
        self.remedy = remedy
    }
}
