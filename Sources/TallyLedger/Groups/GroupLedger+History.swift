import SQLite
public import TallyMerge
public import TallyModel

/// A row's version, with what its entry says.
public struct RecordedVersion: Sendable {
    public var row: RowID
    public var version: RowVersion
    /// When its author committed it; `nil` where the ledger no longer has the entry.
    public var committed: Timestamp?

    /// What the author did to the row; `nil` where the row was only sent to everybody again.
    public var write: RowWrite? { version.state.writes.last { $0.stamp.dot == version.dot } }
}

/// Where a version of a row comes from.
public struct VersionOrigin: Sendable, Hashable {
    public var sequence: UInt64
    public var dot: Dot
    /// The sequence up to which the author's store had been brought.
    public var base: UInt64
}

/// What rows were.
extension GroupLedger {
    private static let recordedVersions = """
        SELECT version.table_number, version.key, version.sequence, version.actor, version.counter, version.base, \
        version.flags, version.state, version.authored, version.withheld, entry.committed \
        FROM version LEFT JOIN entry ON entry.sequence = version.sequence
        """

    /// All versions of a row, oldest first.
    public func history(of row: RowID) throws -> [RecordedVersion] {
        let statement = try connection.cached(
            Self.recordedVersions + " WHERE version.table_number = ? AND version.key = ? ORDER BY version.sequence"
        )
        defer { statement.reset() }
        try statement.bind(.integer(Int64(row.table)), at: 1)
        try statement.bind(.bytes(row.key), at: 2)
        return try recorded(statement)
    }

    /// The versions of a row after a sequence, oldest first.
    public func history(of row: RowID, after sequence: UInt64) throws -> [RecordedVersion] {
        let statement = try connection.cached(
            Self.recordedVersions
                + " WHERE version.table_number = ? AND version.key = ? AND version.sequence > ? ORDER BY version.sequence"
        )
        defer { statement.reset() }
        try statement.bind(.integer(Int64(row.table)), at: 1)
        try statement.bind(.bytes(row.key), at: 2)
        try statement.bind(.integer(Int64(sequence)), at: 3)
        return try recorded(statement)
    }

    /// The versions that were written without having seen all that their rows had been, in the order of the ledger.
    public func concurrentVersions(since moment: Timestamp?) throws -> [RecordedVersion] {
        let statement = try connection.cached(
            Self.recordedVersions
                + " WHERE version.flags & 2 AND (?1 IS NULL OR entry.committed >= ?1) ORDER BY version.id"
        )
        defer { statement.reset() }
        try statement.bind(moment.map { .integer($0.microseconds) } ?? .null, at: 1)
        return try recorded(statement).filter { $0.write != nil }
    }

    /// The state of a row as of a sequence, with every write that is known of it and not folded: also those that later
    /// ones made superfluous under the rules of then.
    public func wholeState(of row: RowID, at sequence: UInt64) throws -> RowState? {
        guard var state = try version(of: row, upTo: sequence)?.state else { return nil }
        let writes = try history(of: row).filter { $0.version.sequence <= sequence }.compactMap(\.write)
        var whole = RowState(base: state.base, seen: state.seen)
        for write in writes { whole.add(write) }
        // Where the ledger has forgotten versions, their writes live on in the states of later ones.
        state.merge(whole)
        return state
    }

    /// Who made each version of a row, and from where; oldest first.
    public func origins(of row: RowID) throws -> [VersionOrigin] {
        try connection.all(
            "SELECT sequence, actor, counter, base FROM version WHERE table_number = ? AND key = ? ORDER BY sequence",
            .integer(Int64(row.table)),
            .bytes(row.key)
        ).compactMap { row in
            guard let sequence = row[0].integer, let actor = row[1].integer, let counter = row[2].integer,
                let base = row[3].integer
            else { return nil }
            let dot = Dot(actor: Actor(UInt16(truncatingIfNeeded: actor)), counter: UInt64(counter))
            return VersionOrigin(sequence: UInt64(sequence), dot: dot, base: UInt64(base))
        }
    }

    /// The key of some row of a table: what keys there look like. `nil` where the ledger has no row of it.
    public func sampleKey(of table: Int) throws -> Row? {
        try connection.first("SELECT key FROM version WHERE table_number = ? LIMIT 1", .integer(Int64(table)))?
            .first?.blob.map(KeyCoding.decode)
    }

    private func recorded(_ statement: Statement) throws -> [RecordedVersion] {
        var versions: [RecordedVersion] = []
        while try statement.step() {
            guard case .bytes(let key) = statement.value(at: 1) else { continue }
            versions.append(
                RecordedVersion(
                    row: RowID(table: Int(statement.integer(at: 0)), key: key),
                    version: try version(statement, from: 2),
                    committed: statement.value(at: 10).integer.map(Timestamp.init(microseconds:))
                )
            )
        }
        return versions
    }
}
