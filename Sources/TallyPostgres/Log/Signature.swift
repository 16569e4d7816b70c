import TallyModel

/// What makes a transaction a group's own: a logical message at its beginning
/// (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION), which is in the log where the
/// transaction is committed, and only there.
struct Signature: Sendable, Hashable {
    var group: String
    /// The place in the group's ledger that the transaction brings the database to.
    var place: Position

    private static let prefix = "tally.signature"

    init(group: String, place: Position) {
        self.group = group
        self.place = place
    }

    /// Leaves the message in the open transaction.
    var sql: String {
        // A text in the server's language, whatever a group may be called.
        let detail = place.detail.isEmpty ? "" : ":\(place.detail)"
        let content = "\(place.order)\(detail.replacing("'", with: "''")) \(group.replacing("'", with: "''"))"
        return "SELECT pg_logical_emit_message(true, '\(Self.prefix)', '\(content)')"
    }

    /// Reads a message's body; `nil` where it is another's.
    init?(_ reader: inout MessageReader) throws {
        _ = try reader.bytes(9)
        let prefix = try reader.text()
        let content = try reader.bytes(Int(try reader.integer(UInt32.self)))
        guard prefix == Self.prefix else { return nil }
        let parts = String(decoding: content, as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        let place = parts[0].split(separator: ":", maxSplits: 1)
        guard let sequence = place.first.flatMap({ UInt64($0) }) else { return nil }
        let detail = place.count > 1 ? String(place[1]) : ""
        self.init(group: String(parts[1]), place: Position(order: sequence, detail: detail))
    }
}
