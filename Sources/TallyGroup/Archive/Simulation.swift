import TallyMerge
package import TallyModel

/// What recorded history would come to under other policies.
package struct Simulation: Sendable {
    /// One column of a row, or the row's being there, at one entry of the ledger.
    package struct Item: Sendable {
        package enum Result: Sendable, Hashable {
            /// The column's value; `nil` where there is none.
            case value(Value?)
            case present
            case gone
        }

        package var sequence: UInt64
        package var at: Timestamp?
        package var table: TableSchema
        package var key: Row
        /// The number of the column; `nil` for the row's being there.
        package var column: Int?
        /// The conflict that was recorded; `nil` where there was none.
        package var conflict: Int64?
        /// What came of it, and what would.
        package var now: Result
        package var then: Result
        /// Whether it would be a conflict.
        package var clashes: Bool
        /// Whether it would wait for a person.
        package var waits: Bool

        package var differs: Bool { now != then }
    }

    /// In the order of the ledger: every recorded conflict, and what else would be another value or a conflict.
    package var items: [Item] = []
    /// How many writes that had not seen all were evaluated again.
    package var writes = 0
}
