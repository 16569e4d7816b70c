import SQLite
public import TallyMerge
public import TallyModel

/// Which conflicts are meant; what is `nil` does not matter.
public struct ConflictFilter: Sendable, Hashable {
    /// The table's number.
    public var table: Int?
    /// One of these is among the authors whose writes met.
    public var authors: [Actor]?
    public var state: ConflictRecord.State?
    public var since: Timestamp?

    public init(
        table: Int? = nil,
        authors: [Actor]? = nil,
        state: ConflictRecord.State? = nil,
        since: Timestamp? = nil
    ) {
        self.table = table
        self.authors = authors
        self.state = state
        self.since = since
    }
}

/// Looking at conflicts.
extension GroupLedger {
    static let conflictColumns = """
        conflict.id, conflict.sequence, conflict.at, conflict.table_number, conflict.key, conflict.column_number, \
        conflict.policy, conflict.state, conflict.winner_actor, conflict.writes, conflict.result, conflict.decided_at, \
        conflict.decision, conflict.rule, conflict.rule_name, conflict.rule_columns, conflict.other_table, \
        conflict.other_key, conflict.member
        """

    /// How many conflicts there are in each state.
    public func conflictCounts() throws -> [ConflictRecord.State: Int] {
        var counts: [ConflictRecord.State: Int] = [:]
        for row in try connection.all("SELECT state, count(*) FROM conflict GROUP BY state") {
            guard let state = row[0].string.flatMap(ConflictRecord.State.init) else { continue }
            counts[state] = Int(row[1].integer ?? 0)
        }
        return counts
    }

    /// The conflicts, oldest first.
    public func conflicts(_ filter: ConflictFilter = ConflictFilter()) throws -> [ConflictRecord] {
        let rows = try connection.all(
            """
            SELECT \(Self.conflictColumns) FROM conflict
            WHERE (?1 IS NULL OR table_number = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR at >= ?3)
            ORDER BY id
            """,
            filter.table.map { .integer(Int64($0)) } ?? .null,
            Value(filter.state?.rawValue),
            filter.since.map { .integer($0.microseconds) } ?? .null
        )
        let records = try rows.map(record)
        guard let authors = filter.authors else { return records }
        return records.filter { record in
            record.writes.contains { authors.contains($0.stamp.dot.actor) }
                || (record.constraint?.member).map(authors.contains) ?? false
        }
    }

    /// The conflict with an id; `nil` where there is none.
    public func conflict(_ id: Int64) throws -> ConflictRecord? {
        try connection.first("SELECT \(Self.conflictColumns) FROM conflict WHERE id = ?", .integer(id)).map(record)
    }

    /// The conflicts of a row, oldest first.
    public func conflicts(of row: RowID) throws -> [ConflictRecord] {
        try connection.all(
            "SELECT \(Self.conflictColumns) FROM conflict WHERE table_number = ? AND key = ? ORDER BY id",
            .integer(Int64(row.table)),
            .bytes(row.key)
        ).map(record)
    }

    /// The conflicts between writes that wait for a person and whose rows were written since ``versionMark`` was `mark`.
    public func waitingConflicts(writtenSince mark: Int64) throws -> [ConflictRecord] {
        guard versionMark > mark, try connection.first("SELECT 1 FROM conflict WHERE state = 'waiting' LIMIT 1") != nil
        else { return [] }
        return try connection.all(
            """
            SELECT DISTINCT \(Self.conflictColumns) FROM version JOIN conflict
            ON conflict.table_number = version.table_number AND conflict.key = version.key
            WHERE version.id > ? AND conflict.state = 'waiting' AND conflict.rule IS NULL
            """,
            .integer(mark)
        ).map(record)
    }

    /// Grows with every version of a row that is kept.
    public var versionMark: Int64 { lastVersion }

    func record(_ row: [Value]) throws -> ConflictRecord {
        guard let id = row[0].integer, let sequence = row[1].integer, let at = row[2].integer,
            let table = row[3].integer, let key = row[4].blob,
            let state = row[7].string.flatMap(ConflictRecord.State.init), let writes = row[9].blob
        else { throw GroupMigration.damaged(path, "a conflict cannot be read") }
        do {
            return ConflictRecord(
                id: id,
                sequence: UInt64(sequence),
                at: Timestamp(microseconds: at),
                row: RowID(table: Int(table), key: key),
                column: row[5].integer.map(Int.init),
                policy: row[6].string ?? "",
                state: state,
                winner: row[8].integer.map { Actor(UInt16(truncatingIfNeeded: $0)) },
                writes: try RowState(encoded: writes).writes,
                result: try row[10].blob.map(RowCoding.decode),
                decidedAt: row[11].integer.map(Timestamp.init(microseconds:)),
                decision: row[12].string,
                constraint: Self.constraint(row[13...18])
            )
        } catch {
            throw GroupMigration.damaged(path, "a conflict cannot be read", cause: error)
        }
    }
}
