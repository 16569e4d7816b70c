import SQLite
public import TallyMerge
import TallyModel

/// Which rows a member that joins was found to hold.
extension GroupLedger {
    public func forgetCompared(_ member: Actor) throws {
        try connection.run("DELETE FROM compared WHERE actor = ?", .integer(Int64(member.number)))
    }

    public func noteCompared(_ row: RowID, of member: Actor) throws {
        try connection.run(
            "INSERT OR IGNORE INTO compared (actor, table_number, key) VALUES (?, ?, ?)",
            .integer(Int64(member.number)),
            .integer(Int64(row.table)),
            .bytes(row.key)
        )
    }

    public func isCompared(_ row: RowID, of member: Actor) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM compared WHERE actor = ? AND table_number = ? AND key = ?",
            .integer(Int64(member.number)),
            .integer(Int64(row.table)),
            .bytes(row.key)
        ) != nil
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
