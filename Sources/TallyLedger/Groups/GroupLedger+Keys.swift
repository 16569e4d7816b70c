import SQLite
public import TallyMerge
import TallyModel

/// Why a member's row is no row of the group.
public enum LeftOut: String, Sendable, Hashable, CaseIterable {
    /// NULL is in its key.
    case null
    /// Its key is that of another row of the member in another spelling.
    case spelling
}

/// How members spell keys, and which of their rows are left out of the group for their keys.
extension GroupLedger {
    /// Whether anything is noted of a member's keys.
    public func hasKeyNotes(of member: Actor) throws -> Bool {
        try connection.first(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM spelling WHERE actor = ?1)
                OR EXISTS (SELECT 1 FROM left_out WHERE actor = ?1)
            """,
            .integer(Int64(member.number))
        ) != nil
    }

    /// Forgets what is noted of a member's keys.
    ///
    /// - Parameter table: The only table to forget it of; `nil` for all.
    public func forgetKeyNotes(of member: Actor, in table: Int? = nil) throws {
        for name in ["spelling", "left_out"] {
            try connection.run(
                "DELETE FROM \(name) WHERE actor = ?1 AND (?2 IS NULL OR table_number = ?2)",
                .integer(Int64(member.number)),
                table.map { .integer(Int64($0)) } ?? .null
            )
        }
    }

    // MARK: Spellings

    /// How a member spells a row's key; `nil` where that is the group's way.
    public func spelling(of row: RowID, in member: Actor) throws -> [UInt8]? {
        guard let spelled = try noted(row, in: member) else { return nil }
        return spelled == row.key ? nil : spelled
    }

    /// - Parameter spelling: `nil` for the group's way.
    public func note(spelling: [UInt8]?, of row: RowID, in member: Actor) throws {
        let place: [Value] = [.integer(Int64(member.number)), .integer(Int64(row.table)), .bytes(row.key)]
        if let spelling {
            try connection.run(
                "INSERT OR REPLACE INTO spelling (actor, table_number, key, spelled) VALUES (?, ?, ?, ?)",
                place[0],
                place[1],
                place[2],
                .bytes(spelling)
            )
        } else {
            try connection.run(
                "DELETE FROM spelling WHERE actor = ? AND table_number = ? AND key = ?",
                place[0],
                place[1],
                place[2]
            )
        }
    }

    /// Notes how a row that a member was found with spells its key, also where that is the group's way.
    ///
    /// - Returns: Whether the member was found with another row of that key before; nothing is noted then.
    public func isFoundTwice(_ row: RowID, spelled: [UInt8], in member: Actor) throws -> Bool {
        if let known = try noted(row, in: member) { return known != spelled }
        try note(spelling: spelled, of: row, in: member)
        return false
    }

    /// Forgets spellings that are the group's way, which need no note once all of a member's rows were found.
    public func forgetOwnSpellings(of member: Actor) throws {
        try connection.run(
            "DELETE FROM spelling WHERE actor = ? AND spelled = key",
            .integer(Int64(member.number))
        )
    }

    private func noted(_ row: RowID, in member: Actor) throws -> [UInt8]? {
        try connection.first(
            "SELECT spelled FROM spelling WHERE actor = ? AND table_number = ? AND key = ?",
            .integer(Int64(member.number)),
            .integer(Int64(row.table)),
            .bytes(row.key)
        )?.first?.blob
    }

    // MARK: Rows that are left out

    public func isLeftOut(_ key: [UInt8], _ table: Int, of member: Actor) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM left_out WHERE actor = ? AND table_number = ? AND spelled = ?",
            .integer(Int64(member.number)),
            .integer(Int64(table)),
            .bytes(key)
        ) != nil
    }

    /// Notes one more row that is left out; several may have the same key where NULL is in it.
    public func noteLeftOut(_ key: [UInt8], _ table: Int, of member: Actor, because reason: LeftOut) throws {
        try connection.run(
            """
            INSERT INTO left_out (actor, table_number, spelled, reason, count) VALUES (?, ?, ?, ?, 1)
            ON CONFLICT DO UPDATE SET count = count + 1
            """,
            .integer(Int64(member.number)),
            .integer(Int64(table)),
            .bytes(key),
            .text(reason.rawValue)
        )
    }

    /// Forgets one row that was left out.
    public func forgetLeftOut(_ key: [UInt8], _ table: Int, of member: Actor) throws {
        let place: [Value] = [.integer(Int64(member.number)), .integer(Int64(table)), .bytes(key)]
        let row = "actor = ? AND table_number = ? AND spelled = ?"
        try connection.run("UPDATE left_out SET count = count - 1 WHERE \(row)", place[0], place[1], place[2])
        try connection.run("DELETE FROM left_out WHERE \(row) AND count <= 0", place[0], place[1], place[2])
    }

    /// How many rows of members are left out, by member, table and reason.
    public func leftOut() throws -> [Actor: [(table: Int, reason: LeftOut, count: Int)]] {
        var found: [Actor: [(table: Int, reason: LeftOut, count: Int)]] = [:]
        let rows = try connection.all(
            """
            SELECT actor, table_number, reason, sum(count) FROM left_out GROUP BY actor, table_number, reason
            ORDER BY table_number, reason
            """
        )
        for row in rows {
            guard let actor = row[0].integer, let table = row[1].integer,
                let reason = row[2].string.flatMap(LeftOut.init), let count = row[3].integer
            else { continue }
            found[Actor(UInt16(truncatingIfNeeded: actor)), default: []].append((Int(table), reason, Int(count)))
        }
        return found
    }
}
