package import TallyMerge
package import TallyModel

/// All that a row has been.
package struct RowHistory: Sendable {
    /// One version: what somebody wrote, and what the row became with it.
    package struct Version: Sendable {
        package var sequence: UInt64
        package var author: String
        package var committed: Timestamp?
        /// The last entry that the author had seen.
        package var seen: UInt64
        /// Earlier versions that the author had not seen all the same.
        package var unseen: [UInt64]
        /// What was done to the row; `nil` where it was only sent to everybody again.
        package var write: RowWrite?
        /// What the row became; `nil` where it was gone.
        package var row: Row?
        /// The conflicts that arose with it.
        package var conflicts: [Int64]
    }

    package var table: TableSchema
    package var key: Row
    /// Oldest first.
    package var versions: [Version]
}
