import TallyModel

extension PostgresConnection {
    /// Runs `body` in one snapshot, and without a search path, so that the server writes every name with its schema.
    ///
    /// The snapshot is that of the transaction that is open, if one is.
    func withCatalogSnapshot<Result>(_ body: () throws -> Result) throws -> Result {
        if isInTransaction {
            let path = try query("SELECT current_setting('search_path')").text(0, 0) ?? ""
            try query("SELECT set_config('search_path', '', true)")
            // Where `body` throws, the transaction has failed, and the path goes with it.
            let result = try body()
            try query("SELECT set_config('search_path', $1, true)", [.text(path)])
            return result
        }
        try execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            if isOpen, isInTransaction { try execute("ROLLBACK") }
            throw error
        }
    }

    /// Waits until transactions that change the table's structure have ended, and not only been logged.
    ///
    /// They hold a lock that even a read of nothing waits for, and give it back when snapshots see what they did.
    func awaitStructure(of table: TableName) throws {
        do {
            try execute("SET lock_timeout = '10s'; SELECT FROM ONLY \(table.postgresSQL) LIMIT 0; RESET lock_timeout")
        } catch let error as StoreError where error.code == .missingTable || error.code == .denied {
            // It has another name by now, or none: that is what the catalog is going to say.
        }
    }
}
