import SQLite
public import TallyMerge
import TallyModel

/// Which rows a member that joins was found to hold.
extension GroupLedger {
    public func forgetCompared(_ member: Actor) throws {
        try connection.run("DELETE FROM compared WHERE actor = ?", .integer(Int64(member.number)))
    }

    /// Notes that a member was found to hold a row.
    ///
    /// - Parameter sequence: At which it was as the group had it; 0 where it was something of the member's own, `nil` where
    ///   it was what the member had been brought to.
    public func noteCompared(_ row: RowID, of member: Actor, asOf sequence: UInt64?) throws {
        try connection.run(
            "INSERT OR REPLACE INTO compared (actor, table_number, key, sequence) VALUES (?, ?, ?, ?)",
            .integer(Int64(member.number)),
            .integer(Int64(row.table)),
            .bytes(row.key),
            sequence.map { .integer(Int64($0)) } ?? .null
        )
    }

    /// The sequence as of which a member that came was found to hold a row; 0 where it held something of its own, `nil`
    /// where the row is what the member was brought to.
    public func comparedSequence(of row: RowID, in member: Actor) throws -> UInt64? {
        try connection.first(
            "SELECT sequence FROM compared WHERE actor = ? AND table_number = ? AND key = ?",
            .integer(Int64(member.number)),
            .integer(Int64(row.table)),
            .bytes(row.key)
        )?.first?.integer.map { UInt64($0) }
    }

    /// The rows of a table that the ledger knows and the member was not found to hold.
    public func notCompared(of table: Int, in member: Actor) throws -> [RowID] {
        try connection.all(
            """
            SELECT DISTINCT key FROM version WHERE table_number = ?1 AND NOT EXISTS (
                SELECT 1 FROM compared
                WHERE compared.actor = ?2 AND compared.table_number = ?1 AND compared.key = version.key
            )
            """,
            .integer(Int64(table)),
            .integer(Int64(member.number))
        ).compactMap { $0[0].blob.map { RowID(table: table, key: $0) } }
    }
}
