import TallyModel

/// What makes a transaction a group's own: a logical message at its beginning
/// (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION), which is in the log where the
/// transaction is committed, and only there.
struct Signature: Sendable, Hashable {
    var group: String
    /// The sequence of the group's ledger that the transaction brings the database to.
    var sequence: UInt64

    private static let prefix = "tally.signature"

    init(group: String, sequence: UInt64) {
        self.group = group
        self.sequence = sequence
    }

    /// Leaves the message in the open transaction.
    var sql: String {
        // A text in the server's language, whatever a group may be called.
        let content = "\(sequence) \(group.replacing("'", with: "''"))"
        return "SELECT pg_logical_emit_message(true, '\(Self.prefix)', '\(content)')"
    }

    /// Reads a message's body; `nil` where it is another's.
    init?(_ reader: inout MessageReader) throws {
        _ = try reader.bytes(9)
        let prefix = try reader.text()
        let content = try reader.bytes(Int(try reader.integer(UInt32.self)))
        guard prefix == Self.prefix else { return nil }
        let parts = String(decoding: content, as: UTF8.self).split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let sequence = UInt64(parts[0]) else { return nil }
        self.init(group: String(parts[1]), sequence: sequence)
    }
}
