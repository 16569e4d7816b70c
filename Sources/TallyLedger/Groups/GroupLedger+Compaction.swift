import SQLite
public import TallyMerge
public import TallyModel

/// Forgetting what nobody needs any more, a little at a time.
extension GroupLedger {
    /// The last sequence whose history may be forgotten: what every member has passed, and is older than `cutoff`.
    public func forgettable(passed: UInt64, before cutoff: Timestamp) throws -> UInt64 {
        let row = try connection.first(
            "SELECT max(sequence) FROM entry WHERE sequence <= ? AND committed < ?",
            .integer(Int64(passed)),
            .integer(cutoff.microseconds)
        )
        return UInt64(row?.first?.integer ?? 0)
    }

    /// Forgets versions that others have taken the place of, and rows that are gone, as far as `horizon`; then the entries
    /// before it. Within a transaction of ``writing(_:)``; about `limit` versions at a time.
    ///
    /// - Parameter isGone: Whether a version's row is certainly not there any more.
    /// - Returns: Whether there may be more to do.
    public func compact(
        to horizon: UInt64,
        limit: Int,
        isGone: (Int, RowState) throws -> Bool
    ) throws -> Bool {
        let place = try connection.first("SELECT compacted FROM ledger")?.first?.integer ?? 0
        let statement = try connection.cached(
            """
            SELECT id, table_number, key, \(Self.versionColumns) FROM version WHERE id > ? AND sequence <= ?
            ORDER BY id LIMIT ?
            """
        )
        var seen: [(id: Int64, row: RowID, version: RowVersion)] = []
        try statement.bind(.integer(place), at: 1)
        try statement.bind(.integer(Int64(horizon)), at: 2)
        try statement.bind(.integer(Int64(limit)), at: 3)
        while try statement.step() {
            guard case .bytes(let key) = statement.value(at: 2) else { continue }
            let row = RowID(table: Int(statement.integer(at: 1)), key: key)
            seen.append((statement.integer(at: 0), row, try version(statement, from: 3)))
        }
        statement.reset()
        guard let last = seen.last else {
            // What members that refuse rows had seen of them is asked for as long as they do.
            try connection.run(
                "DELETE FROM entry WHERE sequence < min(?, ifnull((SELECT min(base) FROM parked), ?1))",
                .integer(Int64(horizon))
            )
            return false
        }
        for (id, row, version) in seen where try !isParked(row) {
            try connection.run(
                "DELETE FROM version WHERE table_number = ? AND key = ? AND sequence < ?",
                .integer(Int64(row.table)),
                .bytes(row.key),
                .integer(Int64(version.sequence))
            )
            if try isGone(row.table, version.state), try latest(of: row)?.sequence == version.sequence {
                try connection.run("DELETE FROM version WHERE id = ?", .integer(id))
            }
        }
        try connection.run("UPDATE ledger SET compacted = ?", .integer(last.id))
        return seen.count == limit
    }

    /// Whether some member holds a row otherwise than it was brought it: what it had been is asked for as long.
    private func isParked(_ row: RowID) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM parked WHERE table_number = ? AND key = ? LIMIT 1",
            .integer(Int64(row.table)),
            .bytes(row.key)
        ) != nil
    }

    /// Forgets conflicts that are settled and older than `cutoff`.
    public func forgetConflicts(before cutoff: Timestamp) throws {
        try connection.run(
            "DELETE FROM conflict WHERE at < ? AND state <> ?",
            .integer(cutoff.microseconds),
            .text(ConflictRecord.State.waiting.rawValue)
        )
    }
}
