import SQLite
public import TallyMerge
public import TallyModel

/// A row that a member is to be brought to.
public struct DueRow: Sendable {
    /// What the member is to hold.
    public enum Content: Sendable {
        /// This; none where the row is not to be there.
        case plain(AuthoredRow)
        /// What the table's rules make of several writes.
        case merged(RowState)
    }

    public var id: RowID
    public var content: Content
    /// Whether the member certainly has no such row yet.
    public var isNew: Bool
    /// How the member spells the row's key, where that is not the group's way.
    public var spelling: [UInt8]?
    /// Whether the member may hold the row under the group's key beside its own: the one was on its way when it made the other.
    public var mayBeTwice = false

    init(_ id: RowID, _ content: Content, isNew: Bool) {
        self.id = id
        self.content = content
        self.isNew = isNew
    }

    public init(_ id: RowID, _ version: RowVersion, isNew: Bool, spelling: [UInt8]? = nil) {
        self.id = id
        content = version.withheld.map { .plain($0.shown) } ?? .merged(version.state)
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
    /// What else there is of an entry that need not fit into memory; of other rows than ``rows``.
    public var rest: DueRest?
}

/// The part of an entry that is still to be read.
public struct DueRest: Sendable {
    /// In `version`.
    fileprivate var ids: Range<Int64>
    fileprivate var end: UInt64
}

/// How much is read at once.
public struct DueLimit: Sendable {
    public var rows: Int
    public var bytes: Int

    public init(rows: Int, bytes: Int = 16 << 20) {
        self.rows = rows
        self.bytes = bytes
    }
}

extension GroupLedger {
    /// What a member that has been brought to `sequence` is to get next: as many whole entries as the limit allows, or one that it
    /// does not allow, whose rows come in parts.
    ///
    /// - Returns: `nil` where there is nothing after it.
    public func due(for member: Actor, after sequence: UInt64, limit: DueLimit) throws -> DueRows? {
        let first = try connection.first(
            "SELECT first, sequence FROM entry WHERE sequence > ? ORDER BY sequence LIMIT 1",
            .integer(Int64(sequence))
        )
        guard let start = first?[0].integer, let next = first?[1].integer else { return nil }
        var last = try lastEntry(beginningAt: next, ofVersionsUpTo: start + Int64(limit.rows))
        while true {
            let bound = try connection.first("SELECT first + rows FROM entry WHERE sequence = ?", .integer(last))
            guard let bound = bound?.first?.integer else { return nil }
            guard try isAnyWanted(in: next...last, by: member) else { return DueRows(rows: [], end: UInt64(last)) }
            let read = try read(start..<bound, for: member, limit)
            if let stop = read.stop, last > next {
                // Whole entries, as far as the one in which the limit is reached.
                last = max(next, stop.sequence - 1)
                continue
            }
            let committed = try connection.first(
                "SELECT min(committed) FROM entry WHERE sequence > ? AND sequence <= ? AND actor <> ?",
                .integer(Int64(sequence)),
                .integer(last),
                .integer(Int64(member.number))
            )
            return DueRows(
                rows: read.rows,
                end: UInt64(last),
                committed: committed?.first?.integer.map { Timestamp(microseconds: $0) },
                rest: read.stop.map { DueRest(ids: $0.id..<bound, end: UInt64(last)) }
            )
        }
    }

    /// Goes on with an entry.
    public func due(_ rest: DueRest, for member: Actor, limit: DueLimit) throws -> DueRows {
        let read = try read(rest.ids, for: member, limit)
        return DueRows(
            rows: read.rows,
            end: rest.end,
            rest: read.stop.map { DueRest(ids: $0.id..<rest.ids.upperBound, end: rest.end) }
        )
    }

    /// The last of the entries from `first` on all of whose versions are before one, or `first` itself.
    private func lastEntry(beginningAt first: Int64, ofVersionsUpTo id: Int64) throws -> Int64 {
        let beyond = try connection.first(
            "SELECT sequence FROM version WHERE id >= ? ORDER BY id LIMIT 1",
            .integer(id)
        )
        if let beyond = beyond?.first?.integer { return max(first, beyond - 1) }
        return try connection.first("SELECT max(sequence) FROM entry")?.first?.integer ?? first
    }

    /// Most often one member writes, and all of it is its own.
    private func isAnyWanted(in entries: ClosedRange<Int64>, by member: Actor) throws -> Bool {
        try connection.first(
            "SELECT 1 FROM entry WHERE sequence >= ? AND sequence <= ? AND (actor <> ? OR returned IS NOT 0) LIMIT 1",
            .integer(entries.lowerBound),
            .integer(entries.upperBound),
            .integer(Int64(member.number))
        ) != nil
    }

    /// Reads versions until the limit is reached.
    ///
    /// - Returns: Also the first version that was not read, where the limit was reached, and its entry.
    private func read(
        _ ids: Range<Int64>,
        for member: Actor,
        _ limit: DueLimit
    ) throws -> (rows: [DueRow], stop: (id: Int64, sequence: Int64)?) {
        // A member that came with rows of its own is not sent those that it was found with.
        let cameAt = try connection.first("SELECT came_at FROM member WHERE actor = ?", .integer(Int64(member.number)))
        let heldUpTo = UInt64(cameAt?.first?.integer ?? 0)
        let statement = try connection.cached(
            """
            SELECT id, table_number, key, sequence, actor, flags, state, withheld FROM version WHERE id >= ? AND id < ?
            ORDER BY id
            """
        )
        defer { statement.reset() }
        try statement.bind(.integer(ids.lowerBound), at: 1)
        try statement.bind(.integer(ids.upperBound), at: 2)
        var collected = DueCollection(capacity: min(ids.count, limit.rows))
        var stop: (id: Int64, sequence: Int64)?
        while try statement.step() {
            let id = statement.integer(at: 0)
            let sequence = statement.integer(at: 3)
            if collected.bytes >= limit.bytes || id - ids.lowerBound >= limit.rows {
                stop = (id, sequence)
                break
            }
            guard case .bytes(let key) = statement.value(at: 2) else { continue }
            let row = RowID(table: Int(statement.integer(at: 1)), key: key)
            let flags = statement.integer(at: 5)
            let isForeign = statement.integer(at: 4) != Int64(member.number)
            var isWanted = isForeign || flags & 2 != 0
            if isWanted, sequence <= heldUpTo, let held = try comparedSequence(of: row, in: member) {
                isWanted = sequence > held
            }
            // What the member wrote itself matters only where it is brought the row for something else.
            guard isWanted || collected.contains(row) else { continue }
            guard let state = statement.value(at: 6).blob else { throw unreadableVersion(nil) }
            collected.bytes += state.count
            collected.add(
                row,
                try content(state, withheld: statement.value(at: 7).blob),
                isNew: flags & 1 != 0 && isForeign,
                isOwn: isWanted && !isForeign
            )
        }
        var rows = collected.rows
        if try hasKeyNotes(of: member) {
            for place in rows.indices {
                let id = rows[place].id
                rows[place].spelling = try spelling(of: id, in: member)
                if try isLeftOut(id.key, id.table, of: member) { rows[place].mayBeTwice = false }
            }
        }
        return (rows, stop)
    }

    /// What a member is brought of a version.
    private func content(_ state: [UInt8], withheld: [UInt8]?) throws -> DueRow.Content {
        do {
            if let withheld { return .plain(try Withheld(encoded: withheld).shown) }
            if let row = try RowState.plainOutcome(encoded: state) { return .plain(row) }
            return .merged(try RowState(encoded: state))
        } catch {
            throw unreadableVersion(error)
        }
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

    init(capacity: Int) {
        rows.reserveCapacity(capacity)
        places.reserveCapacity(capacity)
    }

    func contains(_ row: RowID) -> Bool { places[row] != nil }

    /// - Parameter isOwn: Whether the member wrote it, and is sent it all the same.
    mutating func add(_ id: RowID, _ content: DueRow.Content, isNew: Bool, isOwn: Bool) {
        let place = places.value(of: id, orNew: rows.count)
        if place == rows.count {
            rows.append(DueRow(id, content, isNew: isNew))
        } else {
            rows[place].content = content
        }
        if isOwn { rows[place].mayBeTwice = true }
    }
}
