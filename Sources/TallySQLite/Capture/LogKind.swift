/// What a row of `_tally_log` records: `kind` is four times the shape's id plus the operation, or below zero.
enum LogKind {
    enum Operation: Int64 {
        case insert = 0
        case update = 1
        case delete = 2
        /// The key that a row had before the update in the next row of the log.
        case moved = 3
    }

    /// The row that a new log begins with.
    static let anchor: Int64 = -1
    /// A change of structure: `c0` says which, `c1` names the shape, `c2` the former shape or the reason.
    static let structure: Int64 = -2
    /// The beginning (`c1` is NULL) and the end (`c1` is the sequence) of a transaction of the group that `c0` names.
    static let signature: Int64 = -3

    static func of(_ operation: Operation, shape: Int64) -> Int64 { shape * 4 + operation.rawValue }
}
