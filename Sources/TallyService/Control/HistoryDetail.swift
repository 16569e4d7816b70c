package import Foundation
package import TallyGroup
import TallyMerge
import TallyModel

/// All that a row has been, as people and programs see it.
package struct HistoryDetail: Sendable, Hashable, Codable {
    package typealias Cell = DeadLetterDetail.Cell

    package struct Version: Sendable, Hashable, Codable {
        /// The entry of the ledger.
        package var sequence: UInt64
        package var author: String
        /// When its author committed it.
        package var at: Date?
        /// The last entry that the author had seen.
        package var hadSeen: UInt64
        /// Earlier entries about the row that the author had not seen all the same.
        package var notSeen: [UInt64]
        /// `insert`, `update` or `delete`; `send` where the row was only sent to everybody again.
        package var operation: String
        package var edits: [ConflictDetail.Edit]
        /// What the row became; `nil` where it was gone.
        package var row: [Cell]?
        /// The conflicts that arose with it.
        package var conflicts: [Int64]

        package init(
            sequence: UInt64,
            author: String,
            at: Date?,
            hadSeen: UInt64,
            notSeen: [UInt64] = [],
            operation: String,
            edits: [ConflictDetail.Edit],
            row: [Cell]?,
            conflicts: [Int64] = []
        ) {
            self.sequence = sequence
            self.author = author
            self.at = at
            self.hadSeen = hadSeen
            self.notSeen = notSeen
            self.operation = operation
            self.edits = edits
            self.row = row
            self.conflicts = conflicts
        }
    }

    package var group: String
    package var table: String
    package var key: [Cell]
    /// Oldest first.
    package var versions: [Version]

    package init(group: String, table: String, key: [Cell], versions: [Version]) {
        self.group = group
        self.table = table
        self.key = key
        self.versions = versions
    }

    package init(_ history: RowHistory, group: String) {
        let table = history.table
        self.init(
            group: group,
            table: "\(table.name)",
            key: ConflictDetail.cells(table.keyColumns, history.key),
            versions: history.versions.map { version in
                Version(
                    sequence: version.sequence,
                    author: version.author,
                    at: version.committed.map(Date.init),
                    hadSeen: version.seen,
                    notSeen: version.unseen,
                    operation: version.write.map { "\($0.kind)" } ?? "send",
                    edits: version.write.map { ConflictDetail.Edit.list($0, table) } ?? [],
                    row: version.row.map { ConflictDetail.cells(table.columns, $0) },
                    conflicts: version.conflicts
                )
            }
        )
    }
}
