/// A row that a transform cannot evaluate: a dead letter for that row.
///
/// Carries the expression and the names of the columns it reads, never what they hold.
public struct TransformFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// `where` or `set.COLUMN`.
    public var setting: String
    public var expression: String
    /// The columns that the expression reads.
    public var columns: [String]
    public var reason: String

    public init(setting: String, expression: String, columns: [String], reason: String) {
        self.setting = setting
        self.expression = expression
        self.columns = columns
        self.reason = reason
    }

    public var description: String {
        let reads = columns.isEmpty ? "" : " (reads \(columns.joined(separator: ", ")))"
        return "\(setting) «\(expression)»\(reads): \(reason)"
    }
}
