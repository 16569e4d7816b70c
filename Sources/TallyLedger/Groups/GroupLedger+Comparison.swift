import SQLite
public import TallyMerge
import TallyModel

/// Which rows a member that joins was found to hold, for as long as the comparison takes.
extension GroupLedger {
    public func beginComparison() throws {
        try connection.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS compared (table_number INTEGER, key BLOB, PRIMARY KEY (table_number, key)) WITHOUT ROWID;
            DELETE FROM temp.compared
            """
        )
    }

    public func noteCompared(_ row: RowID) throws {
        try connection.run(
            "INSERT OR IGNORE INTO temp.compared (table_number, key) VALUES (?, ?)",
            .integer(Int64(row.table)),
            .bytes(row.key)
        )
    }

    /// The rows of a table that the ledger knows and the member was not found to hold.
    public func notCompared(of table: Int) throws -> [RowID] {
        try connection.all(
            """
            SELECT DISTINCT key FROM version WHERE table_number = ?1 AND NOT EXISTS (
                SELECT 1 FROM temp.compared WHERE table_number = ?1 AND compared.key = version.key
            )
            """,
            .integer(Int64(table))
        ).compactMap { $0[0].blob.map { RowID(table: table, key: $0) } }
    }
}
