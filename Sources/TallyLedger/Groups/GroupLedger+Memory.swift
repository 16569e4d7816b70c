import SQLite
public import TallyMerge
import TallyModel

/// The part of the ledger that deciding needs, within a transaction of ``GroupLedger/writing(_:)``.
extension GroupLedger: GroupMemory {
    static let versionColumns = "sequence, actor, counter, base, flags, state, authored, withheld"

    /// Statements that are kept beside the connection's own, which finds them by their texts.
    struct Statements {
        var latest: Statement?
        var keep: Statement?
    }

    public func latest(of row: RowID) throws -> RowVersion? {
        guard try mayHold(row) else { return nil }
        let statement =
            try statements.latest
            ?? connection.prepare(
                "SELECT \(Self.versionColumns) FROM version WHERE table_number = ? AND key = ? ORDER BY sequence DESC LIMIT 1"
            )
        statements.latest = statement
        return try version(statement, row, nil)
    }

    /// Whether the ledger has a row with this key or a greater one: keys that count up are new for certain.
    private func mayHold(_ row: RowID) throws -> Bool {
        guard let greatest else { return true }
        if let bound = greatest[row.table] { return !bound.lexicographicallyPrecedes(row.key) }
        let found = try connection.first(
            "SELECT max(key) FROM version WHERE table_number = ?",
            .integer(Int64(row.table))
        )
        let bound = found?.first?.blob ?? []
        self.greatest?[row.table] = bound
        return !bound.lexicographicallyPrecedes(row.key)
    }

    public func trace(_ row: RowID, until isEnough: (VersionTrace) -> Bool) throws {
        let statement = try connection.cached(
            """
            SELECT sequence, actor, base, flags FROM version WHERE table_number = ? AND key = ? ORDER BY sequence DESC
            """
        )
        defer { statement.reset() }
        try statement.bind(.integer(Int64(row.table)), at: 1)
        try statement.bind(.bytes(row.key), at: 2)
        while try statement.step() {
            let trace = VersionTrace(
                sequence: UInt64(statement.integer(at: 0)),
                author: Actor(UInt16(truncatingIfNeeded: statement.integer(at: 1))),
                base: UInt64(statement.integer(at: 2)),
                returns: statement.integer(at: 3) & 2 != 0,
                isFound: statement.integer(at: 3) & 8 != 0
            )
            if isEnough(trace) { return }
        }
    }

    public func version(of row: RowID, upTo sequence: UInt64) throws -> RowVersion? {
        let statement = try connection.cached(
            """
            SELECT \(Self.versionColumns) FROM version WHERE table_number = ? AND key = ? AND sequence <= ?
            ORDER BY sequence DESC LIMIT 1
            """
        )
        return try version(statement, row, sequence)
    }

    private func version(_ statement: Statement, _ row: RowID, _ sequence: UInt64?) throws -> RowVersion? {
        defer { statement.reset() }
        try statement.bind(.integer(Int64(row.table)), at: 1)
        try statement.bind(.bytes(row.key), at: 2)
        if let sequence { try statement.bind(.integer(Int64(sequence)), at: 3) }
        return try statement.step() ? version(statement, from: 0) : nil
    }

    /// Reads ``versionColumns`` from a place in a row of a query on.
    func version(_ statement: Statement, from first: Int) throws -> RowVersion {
        let flags = statement.integer(at: first + 4)
        guard case .bytes(let state) = statement.value(at: first + 5) else {
            throw unreadableVersion(nil)
        }
        do {
            var authored: AuthoredRow?
            if flags & 4 != 0 { authored = AuthoredRow(try statement.value(at: first + 6).blob.map(RowCoding.decode)) }
            let withheld = try statement.value(at: first + 7).blob.map(Withheld.init(encoded:))
            var version = RowVersion(
                sequence: UInt64(statement.integer(at: first)),
                dot: Dot(
                    actor: Actor(UInt16(truncatingIfNeeded: statement.integer(at: first + 1))),
                    counter: UInt64(statement.integer(at: first + 2))
                ),
                base: UInt64(statement.integer(at: first + 3)),
                returns: flags & 2 != 0,
                state: try RowState(encoded: state),
                authored: authored,
                withheld: withheld
            )
            version.isFound = flags & 8 != 0
            return version
        } catch {
            throw unreadableVersion(error)
        }
    }

    func unreadableVersion(_ cause: (any Error)?) -> any Error {
        GroupMigration.damaged(path, "a row's version cannot be read", cause: cause)
    }

    public func sight(at sequence: UInt64) throws -> Sight {
        guard sequence > 0 else { return Sight() }
        let row = try connection.first(
            "SELECT sequence, vector, clock, clock_counter FROM entry WHERE sequence <= ? ORDER BY sequence DESC LIMIT 1",
            .integer(Int64(sequence))
        )
        guard let row else {
            throw StoreError(
                .historyLost,
                "\(path): the ledger has forgotten what there was at sequence \(sequence); the member joins anew"
            )
        }
        guard let at = row[0].integer, let vector = row[1].blob, let clock = row[2].integer,
            let counter = row[3].integer
        else { throw GroupMigration.damaged(path, "entry \(sequence) cannot be read") }
        return Sight(
            sequence: UInt64(at) == sequence ? sequence : UInt64(at),
            vector: try VectorCoding.decode(vector, path),
            clock: HybridTime(microseconds: clock, counter: UInt32(truncatingIfNeeded: counter))
        )
    }

    public func rows(of table: Int) throws -> [RowID] { try rows(of: table, after: nil, limit: .max) }

    /// The first rows of a table behind a key, in the order of their keys.
    public func rows(of table: Int, after key: [UInt8]?, limit: Int) throws -> [RowID] {
        try connection.all(
            "SELECT DISTINCT key FROM version WHERE table_number = ? AND key > ? ORDER BY key LIMIT ?",
            .integer(Int64(table)),
            // No key is empty.
            .bytes(key ?? []),
            .integer(Int64(limit))
        ).compactMap { $0[0].blob.map { RowID(table: table, key: $0) } }
    }

    public func rows(of table: Int, writtenAfter sequence: UInt64) throws -> [RowID] {
        try connection.all(
            """
            SELECT DISTINCT key FROM version
            WHERE +table_number = ? AND id >= (SELECT first FROM entry WHERE sequence > ? ORDER BY sequence LIMIT 1)
            """,
            .integer(Int64(table)),
            .integer(Int64(sequence))
        ).compactMap { $0[0].blob.map { RowID(table: table, key: $0) } }
    }

    public func keep(_ version: RowVersion, of row: RowID, isNew: Bool) throws {
        lastVersion += 1
        if version.returns { returned += 1 }
        if let bound = greatest?[row.table], bound.lexicographicallyPrecedes(row.key) { greatest?[row.table] = row.key }
        let statement =
            try statements.keep
            ?? connection.prepare(
                """
                INSERT INTO version (id, table_number, key, sequence, actor, counter, base, flags, state, authored, withheld)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
            )
        statements.keep = statement
        defer { statement.reset() }
        let flags =
            (isNew ? 1 : 0) | (version.returns ? 2 : 0) | (version.authored == nil ? 0 : 4) | (version.isFound ? 8 : 0)
        try statement.bind(.integer(lastVersion), at: 1)
        try statement.bind(.integer(Int64(row.table)), at: 2)
        try statement.bind(.bytes(row.key), at: 3)
        try statement.bind(.integer(Int64(version.sequence)), at: 4)
        try statement.bind(.integer(Int64(version.dot.actor.number)), at: 5)
        try statement.bind(.integer(Int64(version.dot.counter)), at: 6)
        try statement.bind(.integer(Int64(version.base)), at: 7)
        try statement.bind(.integer(Int64(flags)), at: 8)
        try statement.bind(.bytes(version.state.encoded), at: 9)
        try statement.bind(version.authored?.row.map { .bytes(RowCoding.encode($0)) } ?? .null, at: 10)
        try statement.bind(version.withheld.map { .bytes($0.encoded) } ?? .null, at: 11)
        _ = try statement.step()
    }

    public func keep(_ entry: Entry) throws {
        guard let clock = entry.sight.clock else { return }
        let fingerprint = try fingerprint(of: entry, clock: clock)
        try connection.run(
            """
            INSERT INTO entry
            (sequence, actor, counter, base, committed, vector, clock, clock_counter, clamped, rows, first, fingerprint,
            returned)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .integer(Int64(entry.sequence)),
            .integer(Int64(entry.dot.actor.number)),
            .integer(Int64(entry.dot.counter)),
            .integer(Int64(entry.base)),
            .integer(entry.committed.microseconds),
            .bytes(VectorCoding.encode(entry.sight.vector)),
            .integer(clock.microseconds),
            .integer(Int64(clock.counter)),
            entry.clamped.map { .integer(Int64($0 / .microseconds(1))) } ?? .null,
            .integer(Int64(entry.rows)),
            .integer(lastVersion - Int64(entry.rows) + 1),
            .integer(fingerprint),
            .integer(Int64(returned))
        )
        returned = 0
        lastEntry = (entry.sequence, fingerprint)
    }
}

/// Version vectors as the ledger keeps them: actors and counters, little-endian.
enum VectorCoding {
    static func encode(_ vector: VersionVector) -> [UInt8] {
        var bytes: [UInt8] = []
        for (actor, counter) in vector.entries {
            withUnsafeBytes(of: actor.number.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: counter.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    static func decode(_ bytes: [UInt8], _ path: String) throws -> VersionVector {
        guard bytes.count % 10 == 0 else { throw GroupMigration.damaged(path, "an entry's vector cannot be read") }
        var vector = VersionVector()
        bytes.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: 10) {
                let actor = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt16.self))
                let counter = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 2, as: UInt64.self))
                vector[Actor(actor)] = counter
            }
        }
        return vector
    }
}
