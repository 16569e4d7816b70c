import TallyModel

/// What the server waits for before it makes a replication slot: transactions that were open when it began, in any of
/// its databases.
struct SlotWait {
    /// The server's process that is to make the slot.
    let process: Int32
    /// Another connection to the same server.
    let connection: PostgresConnection

    /// For people; what rights keep from being seen is left out.
    func reason() throws -> String {
        let found = try connection.execute(
            """
            SELECT h.transactionid, x.gid, x.database, a.pid, nullif(a.application_name, ''), a.usename, a.datname,
                date_trunc('second', a.xact_start)
            FROM pg_locks w JOIN pg_locks h ON h.transactionid = w.transactionid AND h.granted
            LEFT JOIN pg_stat_activity a ON a.pid = h.pid
            LEFT JOIN pg_prepared_xacts x ON x.transaction = h.transactionid
            WHERE w.pid = \(process) AND NOT w.granted AND w.locktype = 'transactionid' LIMIT 1
            """
        )
        return "the server makes the replication slot when \(what(found)) has ended"
    }

    private func what(_ found: QueryResult) -> String {
        guard found.rowCount == 1 else { return "every transaction that is open now" }
        if let name = found.text(0, 1) {
            let database = found.text(0, 2) ?? ""
            return "the prepared transaction \(name.postgresLiteral) of database \(database) (COMMIT PREPARED or "
                + "ROLLBACK PREPARED, there)"
        }
        guard let process = found.text(0, 3) else { return "transaction \(found.text(0, 0) ?? "")" }
        let facts = [
            found.text(0, 4), found.text(0, 5).map { "user \($0)" }, found.text(0, 6).map { "database \($0)" },
            found.text(0, 7).map { "open since \($0)" },
        ]
        return "the transaction of its process \(process) (\(facts.compactMap { $0 }.joined(separator: ", ")))"
    }
}
