package import Foundation
package import TallyModel

/// A dead letter as a list shows it: no value of its row, not even the key's.
package struct DeadLetterSummary: Sendable, Hashable, Codable {
    package var id: Int64
    package var flow: String
    package var table: String
    /// `insert`, `update`, `delete` or `truncate`.
    package var operation: String
    package var reason: String
    /// How many changes were folded into the letter.
    package var changes: Int
    package var firstSeen: Date
    package var lastSeen: Date
    package var position: String

    package init(
        id: Int64,
        flow: String,
        table: String,
        operation: String,
        reason: String,
        changes: Int,
        firstSeen: Date,
        lastSeen: Date,
        position: String
    ) {
        self.id = id
        self.flow = flow
        self.table = table
        self.operation = operation
        self.reason = reason
        self.changes = changes
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.position = position
    }

    package init(_ letter: DeadLetter) {
        id = letter.id
        flow = letter.flow
        table = letter.table.description
        operation = "\(letter.change.operation)"
        reason = letter.reason
        changes = letter.changes
        firstSeen = Date(letter.firstSeen)
        lastSeen = Date(letter.lastSeen)
        position = letter.position.description
    }
}

extension Date {
    /// Whole milliseconds: as exact as the control API's JSON.
    init(_ time: Timestamp) {
        self.init(timeIntervalSince1970: Double(time.microseconds / 1000) / 1000)
    }
}
