public import TallyModel

/// How the rows of one table merge.
public struct MergeRules: Sendable, Hashable {
    /// By column number.
    public var columns: [ColumnPolicy]
    /// For columns beyond ``columns``.
    public var other: ColumnPolicy
    public var delete: DeletePolicy

    public init(columns: [ColumnPolicy] = [], other: ColumnPolicy = .latest, delete: DeletePolicy = .latest) {
        self.columns = columns
        self.other = other
        self.delete = delete
    }

    public func policy(of column: Int) -> ColumnPolicy {
        columns.indices.contains(column) ? columns[column] : other
    }
}

/// What becomes of a row that one wrote while another deleted it.
public enum DeletePolicy: String, Sendable, Hashable, CaseIterable {
    /// The row is gone.
    case wins
    /// The row stays.
    case loses
    /// As the one with the greatest time has it.
    case latest
}

/// Evaluates what the policy ``ColumnPolicy/expression(_:)`` names.
///
/// A pure function of its arguments, the same on every node: otherwise copies do not converge.
public protocol MergeExpressions: Sendable {
    /// What two concurrent edits of a column come to.
    ///
    /// - Parameters:
    ///   - base: What the column held for the author of the earliest of the edits; nil when that is not known.
    ///   - current: The earliest edit's value, or what this made of the edits so far.
    ///   - incoming: The next edit's value.
    func value(of expression: String, base: Value?, current: Value, incoming: Value) throws -> Value
}
