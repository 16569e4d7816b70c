/// The values of one row, one place per column of its table, in column order.
///
/// A place that is `nil` is *absent*: the source did not say what it holds (a key-only delete, a large value that an
/// update left alone). Absent is never null, and an apply never writes it.
public struct Row: Sendable, Hashable {
    public var values: [Value?]

    public init(_ values: [Value?]) {
        self.values = values
    }

    public subscript(column: Int) -> Value? {
        get { values[column] }
        set { values[column] = newValue }
    }

    /// The row reduced to some of its columns, in the order given.
    public func picking(_ columns: [Int]) -> Row {
        Row(columns.map { values[$0] })
    }

    /// Whether every column has a value.
    public var isComplete: Bool { values.allSatisfy { $0 != nil } }

    /// About how much memory the row takes, for budgets.
    public var byteCount: Int {
        values.reduce(48) { $0 + ($1?.byteCount ?? 16) }
    }

    /// This row with the places that `newer` knows written over it.
    public func overlaid(by newer: Row) -> Row {
        Row(zip(values, newer.values).map { $1 ?? $0 })
    }
}
