import SQLite
public import TallyMerge
public import TallyModel

/// A conflict as the ledger keeps it.
public struct ConflictRecord: Sendable, Hashable {
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// A policy decided.
        case resolved
        /// A person is to decide; a provisional winner is shown meanwhile.
        case waiting
        /// A person decided.
        case decided
        /// What the policy had decided was taken back.
        case undone
        /// Everybody saw the result and somebody wrote on: there is nothing left to decide.
        case superseded
    }

    public var id: Int64
    public var at: Timestamp
    public var conflict: Conflict
    public var policy: String
    public var state: State
    public var decidedAt: Timestamp?
    /// What a person decided, in words.
    public var decision: String?
}

extension GroupLedger {
    public func keep(_ conflict: Conflict) throws {
        let at = conflict.writes.map(\.stamp.time.microseconds).max() ?? 0
        var state = RowState()
        for write in conflict.writes { state.add(write) }
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
            .text(policyName(conflict)),
            .text((conflict.clash.isWaiting ? ConflictRecord.State.waiting : .resolved).rawValue),
            conflict.clash.winner.map { .integer(Int64($0.actor.number)) } ?? .null,
            .bytes(state.encoded),
            conflict.result.map { .bytes(RowCoding.encode($0)) } ?? .null
        )
    }

    private func policyName(_ conflict: Conflict) -> String {
        conflict.clash.isWaiting ? "manual" : ""
    }

    /// How many conflicts there are in each state.
    public func conflictCounts() throws -> [ConflictRecord.State: Int] {
        var counts: [ConflictRecord.State: Int] = [:]
        for row in try connection.all("SELECT state, count(*) FROM conflict GROUP BY state") {
            guard let state = row[0].string.flatMap(ConflictRecord.State.init) else { continue }
            counts[state] = Int(row[1].integer ?? 0)
        }
        return counts
    }
}
