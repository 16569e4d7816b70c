package import Foundation
import TallyGroup
import TallyLedger
import TallyModel

/// Which conflicts a person wants to see; what is `nil` does not matter.
package struct ConflictSelection: Sendable, Hashable {
    package var group: String?
    package var table: String?
    package var member: String?
    package var state: String?
    package var since: Date?

    package init(
        group: String? = nil,
        table: String? = nil,
        member: String? = nil,
        state: String? = nil,
        since: Date? = nil
    ) {
        self.group = group
        self.table = table
        self.member = member
        self.state = state
        self.since = since
    }

    /// The states that conflicts have.
    package static let states = ConflictRecord.State.allCases.map(\.rawValue)

    /// The selection as a group's archive takes it.
    func query() throws(ControlError) -> ConflictQuery {
        let state = try state.map { (word) throws(ControlError) in
            guard let state = ConflictRecord.State(rawValue: word) else {
                throw ControlError(
                    .invalid,
                    "“\(word)” is no state of a conflict; the states are \(Self.states.joined(separator: ", "))"
                )
            }
            return state
        }
        return ConflictQuery(table: table, member: member, state: state, since: since.map(Timestamp.init))
    }
}

/// A beginning in time, as a person writes it: `7d` ago, or a date, or a moment.
package enum Since {
    package static let form = "moment; write 90s, 5m, 12h or 7d for so long ago, 2024-02-29 or 2024-02-29T13:45:00Z"

    package static func moment(_ text: String, now: Date = Date()) -> Date? {
        if let span = Duration(configured: text) { return now.addingTimeInterval(-(span / .seconds(1))) }
        // A text that is no moment is refused by whoever asked, in words of its own.
        if text.count == 10 { return try? Date(text + "T00:00:00Z", strategy: .iso8601) }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        return try? style.parse(text.hasSuffix("Z") ? text : text + "Z")
    }
}

extension Timestamp {
    init(_ date: Date) {
        self.init(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }
}
