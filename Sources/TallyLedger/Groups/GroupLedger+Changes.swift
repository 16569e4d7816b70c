import SQLite
public import TallyMerge
public import TallyModel

/// A row that a member is to be brought to.
public struct DueRow: Sendable {
    public var id: RowID
    public var state: RowState
    /// Whether the member certainly has no such row yet.
    public var isNew: Bool

    public init(id: RowID, state: RowState, isNew: Bool) {
        self.id = id
        self.state = state
        self.isNew = isNew
    }
}

/// What brings a member from one sequence to another.
public struct DueRows: Sendable {
    /// Each row once, as it is at ``end``; in the order in which rows were first changed.
    public var rows: [DueRow]
    public var end: UInt64
    /// When the first of it was committed elsewhere, by the clock there.
    public var committed: Timestamp?
}

extension GroupLedger {
    /// What a member that has been brought to `sequence` is to get next: whole entries, with about `limit` versions.
    ///
    /// - Returns: `nil` where there is nothing after it.
    public func due(for member: Actor, after sequence: UInt64, limit: Int) throws -> DueRows? {
        // A member that came with rows of its own is not sent those that it was found with.
        let cameAt = try connection.first("SELECT came_at FROM member WHERE actor = ?", .integer(Int64(member.number)))
        let heldUpTo = UInt64(cameAt?.first?.integer ?? 0)
        let first = try connection.first(
            "SELECT first FROM entry WHERE sequence > ? ORDER BY sequence LIMIT 1",
            .integer(Int64(sequence))
        )
        guard let first = first?.first?.integer else { return nil }
        let last = try connection.first(
            "SELECT sequence, first + rows FROM entry WHERE sequence > ? AND first <= ? ORDER BY sequence DESC LIMIT 1",
            .integer(Int64(sequence)),
            .integer(first + Int64(limit))
        )
        guard let last, let end = last[0].integer, let upTo = last[1].integer else { return nil }
        let statement = try connection.cached(
            """
            SELECT table_number, key, \(Self.versionColumns) FROM version WHERE id >= ? AND id < ? ORDER BY id
            """
        )
        defer { statement.reset() }
        try statement.bind(.integer(first), at: 1)
        try statement.bind(.integer(upTo), at: 2)
        var places: [RowID: Int] = [:]
        var rows: [(row: DueRow, isWanted: Bool)] = []
        while try statement.step() {
            guard case .bytes(let key) = statement.value(at: 1) else { continue }
            let id = RowID(table: Int(statement.integer(at: 0)), key: key)
            let version = try version(statement, from: 2)
            let isForeign = version.dot.actor != member
            var isWanted = isForeign || version.returns
            if isWanted, version.sequence <= heldUpTo, let held = try comparedSequence(of: id, in: member) {
                isWanted = version.sequence > held
            }
            if let place = places[id] {
                rows[place].row.state = version.state
                if isWanted { rows[place].isWanted = true }
            } else {
                places[id] = rows.count
                let isNew = statement.integer(at: 6) & 1 != 0 && isForeign
                rows.append((DueRow(id: id, state: version.state, isNew: isNew), isWanted))
            }
        }
        let committed = try connection.first(
            "SELECT min(committed) FROM entry WHERE sequence > ? AND sequence <= ? AND actor <> ?",
            .integer(Int64(sequence)),
            .integer(end),
            .integer(Int64(member.number))
        )
        return DueRows(
            rows: rows.filter(\.isWanted).map(\.row),
            end: UInt64(end),
            committed: committed?.first?.integer.map { Timestamp(microseconds: $0) }
        )
    }

    /// How many rows were written after `sequence`.
    public func countChanges(after sequence: UInt64) throws -> Int {
        let row = try connection.first(
            "SELECT sum(rows) FROM entry WHERE sequence > ?",
            .integer(Int64(sequence))
        )
        return Int(row?.first?.integer ?? 0)
    }
}
