import SQLite
public import TallyMerge
public import TallyModel

/// A row that a member is to be brought to.
public struct DueRow: Sendable {
    public var id: RowID
    public var state: RowState
    /// What members are brought instead of what the state comes to.
    public var withheld: Withheld?
    /// Whether the member certainly has no such row yet.
    public var isNew: Bool
    /// How the member spells the row's key, where that is not the group's way.
    public var spelling: [UInt8]?
    /// Whether the member may hold the row under the group's key beside its own: the one was on its way when it made the other.
    public var mayBeTwice = false

    public init(_ id: RowID, _ version: RowVersion, isNew: Bool, spelling: [UInt8]? = nil) {
        self.id = id
        state = version.state
        withheld = version.withheld
        self.isNew = isNew
        self.spelling = spelling
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
    /// What a member that has been brought to `sequence` is to get next: whole entries, with about `limit` versions or
    /// `mostBytes` bytes of them.
    ///
    /// - Returns: `nil` where there is nothing after it.
    public func due(for member: Actor, after sequence: UInt64, limit: Int, mostBytes: Int = 16 << 20) throws -> DueRows?
    {
        // A member that came with rows of its own is not sent those that it was found with.
        let cameAt = try connection.first("SELECT came_at FROM member WHERE actor = ?", .integer(Int64(member.number)))
        let heldUpTo = UInt64(cameAt?.first?.integer ?? 0)
        let first = try connection.first(
            "SELECT first FROM entry WHERE sequence > ? ORDER BY sequence LIMIT 1",
            .integer(Int64(sequence))
        )
        guard let first = first?.first?.integer else { return nil }
        let bound = try connection.first(
            "SELECT sequence, first + rows FROM entry WHERE sequence > ? AND first <= ? ORDER BY sequence DESC LIMIT 1",
            .integer(Int64(sequence)),
            .integer(first + Int64(limit))
        )
        guard let bound, let last = bound[0].integer, let upTo = bound[1].integer else { return nil }
        // Most often one member writes, and all of it is its own.
        let isAnyWanted = try connection.first(
            "SELECT 1 FROM entry WHERE sequence > ? AND sequence <= ? AND (actor <> ? OR returned IS NOT 0) LIMIT 1",
            .integer(Int64(sequence)),
            .integer(last),
            .integer(Int64(member.number))
        )
        guard isAnyWanted != nil else { return DueRows(rows: [], end: UInt64(last), committed: nil) }
        let statement = try connection.cached(
            """
            SELECT table_number, key, \(Self.versionColumns), length(state) FROM version WHERE id >= ? AND id < ?
            ORDER BY id
            """
        )
        defer { statement.reset() }
        try statement.bind(.integer(first), at: 1)
        try statement.bind(.integer(upTo), at: 2)
        var collected = DueCollection(capacity: Int(upTo - first))
        var end = UInt64(last)
        while try statement.step() {
            let sequence = UInt64(statement.integer(at: 2))
            if collected.bytes >= mostBytes, sequence != collected.sequence {
                end = collected.sequence
                break
            }
            collected.sequence = sequence
            guard case .bytes(let key) = statement.value(at: 1) else { continue }
            let id = RowID(table: Int(statement.integer(at: 0)), key: key)
            let flags = statement.integer(at: 6)
            let isForeign = statement.integer(at: 3) != Int64(member.number)
            var isWanted = isForeign || flags & 2 != 0
            if isWanted, sequence <= heldUpTo, let held = try comparedSequence(of: id, in: member) {
                isWanted = sequence > held
            }
            // What the member wrote itself matters only where it is brought the row for something else.
            guard isWanted || collected.contains(id) else { continue }
            collected.bytes += Int(statement.integer(at: 10))
            let isNew = flags & 1 != 0 && isForeign
            collected.add(id, try version(statement, from: 2), isNew: isNew, isOwn: isWanted && !isForeign)
        }
        let committed = try connection.first(
            "SELECT min(committed) FROM entry WHERE sequence > ? AND sequence <= ? AND actor <> ?",
            .integer(Int64(sequence)),
            .integer(Int64(end)),
            .integer(Int64(member.number))
        )
        var wanted = collected.rows
        if try hasKeyNotes(of: member) {
            for place in wanted.indices {
                let id = wanted[place].id
                wanted[place].spelling = try spelling(of: id, in: member)
                if try isLeftOut(id.key, id.table, of: member) { wanted[place].mayBeTwice = false }
            }
        }
        return DueRows(
            rows: wanted,
            end: end,
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

/// Rows as their versions are read, each once, where it came first and as it was last.
private struct DueCollection {
    private(set) var rows: [DueRow] = []
    private var places: [RowID: Int] = [:]
    /// Of the states that were read.
    var bytes = 0
    /// The entry that is being read.
    var sequence: UInt64 = 0

    init(capacity: Int) {
        rows.reserveCapacity(capacity)
        places.reserveCapacity(capacity)
    }

    func contains(_ row: RowID) -> Bool { places[row] != nil }

    /// - Parameter isOwn: Whether the member wrote it, and is sent it all the same.
    mutating func add(_ id: RowID, _ version: RowVersion, isNew: Bool, isOwn: Bool) {
        let place = places.value(of: id, orNew: rows.count)
        if place == rows.count {
            rows.append(DueRow(id, version, isNew: isNew))
        } else {
            rows[place].state = version.state
            rows[place].withheld = version.withheld
        }
        if isOwn { rows[place].mayBeTwice = true }
    }
}
