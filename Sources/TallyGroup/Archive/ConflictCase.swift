package import TallyLedger
package import TallyMerge
package import TallyModel

/// A conflict with all that is needed to understand it.
package struct ConflictCase: Sendable {
    /// One of those whose writes met.
    package struct Party: Sendable {
        package var member: String
        package var write: RowWrite
        /// The entry that its write became, and the last entry that it had seen; `nil` where the ledger has forgotten that.
        package var entry: UInt64?
        package var seen: UInt64?
    }

    package var record: ConflictRecord
    package var table: TableSchema
    package var key: Row
    package var parties: [Party]
    /// Whose write stands; `nil` where the result is made of several.
    package var winner: String?
    /// The row as all of them had seen it; `nil` where there was none.
    package var base: Row?
    /// The row that this one clashes with or misses, where a constraint is what it is about.
    package var other: (table: TableSchema, key: Row)?
    /// The member that found that.
    package var finder: String?
    /// The later conflict that this one is part of, because another write joined it.
    package var whole: Int64?
    /// The earlier conflicts that are part of this one.
    package var parts: [Int64] = []
}

/// Which conflicts a person wants to see, by names.
package struct ConflictQuery: Sendable, Hashable {
    package var table: String?
    package var member: String?
    package var state: ConflictRecord.State?
    package var since: Timestamp?

    package init(
        table: String? = nil,
        member: String? = nil,
        state: ConflictRecord.State? = nil,
        since: Timestamp? = nil
    ) {
        self.table = table
        self.member = member
        self.state = state
        self.since = since
    }
}
