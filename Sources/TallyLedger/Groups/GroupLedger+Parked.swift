import SQLite
public import TallyMerge
public import TallyModel

/// A row that a member refuses to hold as the group has it: a unique value is taken there, a check fails.
public struct ParkedRow: Sendable, Hashable {
    public var id: RowID
    /// The sequence as of which the member holds it.
    public var base: UInt64
    /// Why, in the member's words.
    public var reason: String

    public init(id: RowID, base: UInt64, reason: String) {
        self.id = id
        self.base = base
        self.reason = reason
    }
}

extension GroupLedger {
    /// Notes which rows a batch leaves as they were and which of those that were parked it brings over at last; before the
    /// batch is committed, so that neither is ever forgotten.
    ///
    /// A row that is refused again after it was taken is parked twice, as long as the member's log is not read so far.
    ///
    /// - Parameters:
    ///   - sequence: The one that the member has been brought to.
    ///   - end: The sequence that the batch is signed with.
    public func notePark(
        _ refused: [ParkedRow],
        taken: [RowID],
        by member: Actor,
        broughtTo sequence: UInt64,
        end: UInt64,
        at now: Timestamp
    ) throws {
        for row in refused {
            try connection.run(
                """
                INSERT INTO parked (actor, table_number, key, base, reason, since)
                VALUES (
                    ?1, ?2, ?3,
                    coalesce(
                        (
                            SELECT base FROM parked WHERE actor = ?1 AND table_number = ?2 AND key = ?3
                                AND (taken IS NULL OR taken > ?7)
                        ),
                        ?4
                    ),
                    ?5, ?6
                )
                ON CONFLICT DO UPDATE SET taken = NULL, reason = excluded.reason
                """,
                .integer(Int64(member.number)),
                .integer(Int64(row.id.table)),
                .bytes(row.id.key),
                .integer(Int64(row.base)),
                .text(row.reason),
                .integer(now.microseconds),
                .integer(Int64(sequence))
            )
        }
        for id in taken {
            try connection.run(
                """
                UPDATE parked SET taken = ? WHERE actor = ? AND table_number = ? AND key = ?
                    AND (taken IS NULL OR taken > ?)
                """,
                .integer(Int64(end)),
                .integer(Int64(member.number)),
                .integer(Int64(id.table)),
                .bytes(id.key),
                .integer(Int64(sequence))
            )
            try endRefused(id, by: member)
        }
    }

    /// Every row that some member holds otherwise than it was brought it.
    public func parkedRows() throws -> Set<RowID> {
        Set(
            try connection.all("SELECT DISTINCT table_number, key FROM parked").compactMap { row in
                guard let table = row[0].integer, let key = row[1].blob else { return nil }
                return RowID(table: Int(table), key: key)
            }
        )
    }

    /// The rows that a member which was brought to `sequence` refuses and has not been brought over since: also those that
    /// were to be taken with a batch of which nothing came.
    public func parked(by member: Actor, broughtTo sequence: UInt64) throws -> [ParkedRow] {
        try connection.all(
            """
            SELECT table_number, key, base, reason FROM parked
            WHERE actor = ? AND (taken IS NULL OR taken > ?) ORDER BY since
            """,
            .integer(Int64(member.number)),
            .integer(Int64(sequence))
        ).compactMap { row in
            guard let table = row[0].integer, let key = row[1].blob, let base = row[2].integer,
                let reason = row[3].string
            else { return nil }
            return ParkedRow(id: RowID(table: Int(table), key: key), base: UInt64(base), reason: reason)
        }
    }

    /// Whether a member holds any row otherwise than it was brought it, or was when it was last heard of.
    public func hasParked(_ member: Actor) throws -> Bool {
        try connection.first("SELECT 1 FROM parked WHERE actor = ? LIMIT 1", .integer(Int64(member.number))) != nil
    }

    /// The sequence as of which a member that was brought to `sequence` holds a row; `nil` where that is `sequence`.
    public func parkedBase(of row: RowID, in member: Actor, broughtTo sequence: UInt64) throws -> UInt64? {
        try connection.first(
            """
            SELECT base FROM parked
            WHERE actor = ?1 AND table_number = ?2 AND key = ?3 AND base < ?4 AND (taken IS NULL OR taken > ?4)
            """,
            .integer(Int64(member.number)),
            .integer(Int64(row.table)),
            .bytes(row.key),
            .integer(Int64(sequence))
        )?.first?.integer.map { UInt64($0) }
    }

    /// The sequences as of which a member that was brought to `sequence` holds the rows that it refused.
    public func parkedBases(in member: Actor, broughtTo sequence: UInt64) throws -> [RowID: UInt64] {
        var bases: [RowID: UInt64] = [:]
        let rows = try connection.all(
            "SELECT table_number, key, base FROM parked WHERE actor = ? AND (taken IS NULL OR taken > ?)",
            .integer(Int64(member.number)),
            .integer(Int64(sequence))
        )
        for row in rows {
            guard let table = row[0].integer, let key = row[1].blob, let base = row[2].integer else { continue }
            bases[RowID(table: Int(table), key: key)] = UInt64(base)
        }
        return bases
    }

    /// Forgets rows that a member has been brought over and was seen to hold.
    public func forgetTaken(_ member: Actor, broughtTo sequence: UInt64) throws {
        try connection.run(
            "DELETE FROM parked WHERE actor = ? AND taken <= ?",
            .integer(Int64(member.number)),
            .integer(Int64(sequence))
        )
    }

    /// How many rows members refuse, by member.
    public func parkedCounts() throws -> [Actor: Int] {
        var counts: [Actor: Int] = [:]
        for row in try connection.all("SELECT actor, count(*) FROM parked WHERE taken IS NULL GROUP BY actor") {
            guard let actor = row[0].integer else { continue }
            counts[Actor(UInt16(truncatingIfNeeded: actor))] = Int(row[1].integer ?? 0)
        }
        return counts
    }
}
