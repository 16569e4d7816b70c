import SQLite
public import TallyMerge
import TallyModel

/// Tables that were made anew for a member: what they lack was not deleted there.
extension GroupLedger {
    /// Notes that a table is made anew for a member, which lacks rows of it until it is brought to `sequence`.
    public func noteMade(_ table: Int, for member: Actor, until sequence: UInt64) throws {
        try connection.run(
            "INSERT OR REPLACE INTO made (actor, table_number, until) VALUES (?, ?, ?)",
            .integer(Int64(member.number)),
            .integer(Int64(table)),
            .integer(Int64(sequence))
        )
    }

    /// Whether a table was made anew for a member and lacks rows there.
    public func isMade(_ table: Int, for member: Actor) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM made WHERE actor = ? AND table_number = ?",
            .integer(Int64(member.number)),
            .integer(Int64(table))
        ) != nil
    }

    /// Whether any table was made anew for a member and lacks rows there.
    public func hasMade(for member: Actor) throws -> Bool {
        try connection.first("SELECT 1 FROM made WHERE actor = ?", .integer(Int64(member.number))) != nil
    }

    public func forgetMade(for member: Actor, broughtTo sequence: UInt64) throws {
        try connection.run(
            "DELETE FROM made WHERE actor = ? AND until <= ?",
            .integer(Int64(member.number)),
            .integer(Int64(sequence))
        )
    }
}
