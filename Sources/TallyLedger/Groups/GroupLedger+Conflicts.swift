import SQLite
public import TallyMerge
public import TallyModel

/// Writing conflicts down.
extension GroupLedger {
    public func keep(_ conflict: Conflict) throws {
        let at = conflict.writes.map(\.stamp.time.microseconds).max() ?? 0
        var state = RowState()
        for write in conflict.writes { state.add(write) }
        for former in try open(on: conflict.row, column: conflict.clash.column)
        // A clash on a column has all that stands against each other there: one that waited is part of this one now.
        where conflict.clash.isWaiting && former.state == .waiting || former.isPart(of: conflict.writes) {
            try connection.run("UPDATE conflict SET state = 'superseded' WHERE id = ?", .integer(former.id))
        }
        try connection.run(
            """
            INSERT INTO conflict (sequence, at, table_number, key, column_number, policy, state, winner_actor, writes, result)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(Int64(conflict.sequence)),
            .integer(at),
            .integer(Int64(conflict.row.table)),
            .bytes(conflict.row.key),
            conflict.clash.column.map { .integer(Int64($0)) } ?? .null,
            .text(try words(for: conflict.policy)),
            .text((conflict.clash.isWaiting ? ConflictRecord.State.waiting : .resolved).rawValue),
            conflict.clash.winner.map { .integer(Int64($0.actor.number)) } ?? .null,
            .bytes(state.encoded),
            conflict.result.map { .bytes(RowCoding.encode($0)) } ?? .null
        )
    }

    /// A policy in the words of a configuration.
    private func words(for policy: DecidingPolicy) throws -> String {
        switch policy {
        case .delete(let policy): return "delete: \(policy.rawValue)"
        case .column(.expression(let sql)): return "sql: \(sql)"
        case .column(.prefer(let actors)):
            let authors = try authors()
            var names: [String] = []
            for actor in actors {
                guard let name = authors.first(where: { $0.actor == actor })?.member, !names.contains(name) else {
                    continue
                }
                names.append(name)
            }
            return "prefer: \(names.joined(separator: ", "))"
        case .column(let policy): return "\(policy)"
        }
    }

    /// The latest conflicts about one thing that no person has decided yet; those before them are long past.
    private func open(on row: RowID, column: Int?) throws -> [ConflictRecord] {
        try connection.all(
            """
            SELECT \(Self.conflictColumns) FROM conflict
            WHERE table_number = ? AND key = ? AND column_number IS ? AND rule IS NULL AND state IN ('resolved', 'waiting')
            ORDER BY id DESC LIMIT 16
            """,
            .integer(Int64(row.table)),
            .bytes(row.key),
            column.map { .integer(Int64($0)) } ?? .null
        ).map(record)
    }

    /// Notes that somebody settled conflicts that waited, by writing their rows on.
    public func supersede(_ ids: [Int64]) throws {
        for id in ids {
            try connection.run(
                "UPDATE conflict SET state = 'superseded' WHERE id = ? AND state = 'waiting'",
                .integer(id)
            )
        }
    }

    /// Notes what a person decided.
    public func settle(
        _ id: Int64,
        as state: ConflictRecord.State,
        at moment: Timestamp,
        decision: String
    ) throws {
        try connection.run(
            "UPDATE conflict SET state = ?, decided_at = ?, decision = ? WHERE id = ?",
            .text(state.rawValue),
            .integer(moment.microseconds),
            .text(decision),
            .integer(id)
        )
    }
}
