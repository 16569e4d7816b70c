import SQLite
import TallyModel

/// Writes rows of one schema to one table of the target, with statements compiled once.
///
/// Belongs to the connection's isolation domain. A change of the table's structure makes a new writer necessary.
final class TableWriter {
    /// What became of one row.
    enum Effect: Sendable, Hashable {
        case done
        /// The target was not as the change expected, and agrees now.
        case mended
        case rejected(String)
    }

    enum Kind: Int, CaseIterable {
        case insert, upsert, upsertDifferent, update, move, delete, updateReplacing, insertReplacing
    }

    let mapping: TableMapping
    let connection: Connection
    private var statements = [Statement?](repeating: nil, count: Kind.allCases.count)
    /// By the places that they write.
    private var partialUpdates: [[Int]: Statement] = [:]

    init(_ schema: TableSchema, in connection: Connection) throws {
        mapping = try TableMapping(schema, in: connection)
        self.connection = connection
    }

    // MARK: Changes

    /// - Parameter isReplaying: Whether rows may be newer than the change: then nothing counts as mended, a row that
    ///   is not there is not missed, and rows in the way of a unique constraint go.
    func apply(_ change: Change, isReplaying: Bool) throws -> Effect {
        try orRejected {
            switch change.operation {
            case .truncate:
                try connection.execute(mapping.truncate)
                return .done
            case .delete: return try delete(change.row, isReplaying: isReplaying)
            case .insert: return try insert(change.row, isReplaying: isReplaying, isMending: false)
            case .update:
                if let former = change.formerKey, former != change.row.picking(mapping.key) {
                    return try move(change.row, from: former, isReplaying: isReplaying)
                }
                return try update(change.row, isReplaying: isReplaying)
            }
        }
    }

    private func delete(_ row: Row, isReplaying: Bool) throws -> Effect {
        // A row with NULL in its key was never written, so there is none to delete.
        if hasNull(row.picking(mapping.key)) { return .done }
        let statement = try statement(.delete)
        if let problem = try bindKey(of: row, to: statement) { return .rejected(problem) }
        if let broken = try statement.write() { return .rejected(broken.message) }
        return connection.changes > 0 || isReplaying ? .done : .mended
    }

    /// - Parameter isMending: Whether the row was expected to be there.
    private func insert(_ row: Row, isReplaying: Bool, isMending: Bool) throws -> Effect {
        if let problem = keyProblem(of: row) { return .rejected(problem) }
        let insert = try statement(.insert)
        guard try bind(row, to: insert) else { return try updatePartly(row, isReplaying: isReplaying) }
        guard let broken = try insert.write() else { return isMending && !isReplaying ? .mended : .done }
        guard broken.isDuplicate else { return .rejected(broken.message) }
        return try writeOver(row, givingWay: isReplaying, effect: isReplaying ? .done : .mended)
    }

    private func update(_ row: Row, isReplaying: Bool) throws -> Effect {
        if let problem = keyProblem(of: row) { return .rejected(problem) }
        guard !mapping.rest.isEmpty else { return try insert(row, isReplaying: true, isMending: false) }
        let update = try statement(.update)
        guard try bind(row, to: update) else { return try updatePartly(row, isReplaying: isReplaying) }
        if let broken = try update.write() {
            guard broken.isDuplicate, isReplaying, mapping.givesWay else { return .rejected(broken.message) }
            return try replace(row)
        }
        if connection.changes > 0 { return .done }
        return try insert(row, isReplaying: isReplaying, isMending: true)
    }

    /// Writes the values that the change holds and leaves the others.
    private func updatePartly(_ row: Row, isReplaying: Bool) throws -> Effect {
        let present = mapping.rest.filter { row[mapping.written[$0]] != nil }
        if present.isEmpty { return .done }
        let statement = try partialUpdate(present, or: .abort)
        try bind(row, present, to: statement)
        if let broken = try statement.write() {
            guard broken.isDuplicate, isReplaying, mapping.givesWay else { return .rejected(broken.message) }
            let replacing = try partialUpdate(present, or: .replace)
            try bind(row, present, to: replacing)
            if let broken = try replacing.write() { return .rejected(broken.message) }
            return .done
        }
        return connection.changes > 0 || isReplaying ? .done : .rejected(Self.incomplete)
    }

    // MARK: Changes of keys

    private func move(_ row: Row, from former: Row, isReplaying: Bool) throws -> Effect {
        if let problem = keyProblem(of: row) { return .rejected(problem) }
        if hasNull(former) { return try insert(row, isReplaying: isReplaying, isMending: false) }
        if former.values.contains(where: { $0 == nil }) { return .rejected(Self.absentKey) }
        let present = mapping.written.indices.filter { row[mapping.written[$0]] != nil }
        let isComplete = present.count == mapping.written.count
        let move = isComplete ? try statement(.move) : try connection.prepare(mapping.move(present))
        for place in present { try move.bind(row[mapping.written[place]] ?? .null, at: place + 1) }
        for (index, value) in former.values.enumerated() {
            try move.bind(value ?? .null, at: mapping.written.count + index + 1)
        }
        let broken = try move.write()
        if broken == nil, connection.changes > 0 { return .done }
        if let broken, !broken.isDuplicate { return .rejected(broken.message) }
        guard isComplete else {
            if let broken { return .rejected(broken.message) }
            return isReplaying ? .done : .rejected(Self.incomplete)
        }
        // No row had the former key, or another has the new one already.
        return try undoneUnlessTaken {
            let delete = try statement(.delete)
            for (index, value) in former.values.enumerated() { try delete.bind(value ?? .null, at: index + 1) }
            if let broken = try delete.write() { return .rejected(broken.message) }
            return try insert(row, isReplaying: isReplaying, isMending: true)
        }
    }

    /// Runs several statements as one, which leaves nothing behind where it ends in a rejection.
    private func undoneUnlessTaken(_ body: () throws -> Effect) throws -> Effect {
        try connection.execute("SAVEPOINT tally_row")
        // An error that is thrown ends in a rollback of the whole transaction.
        let effect = try body()
        if case .rejected = effect { try connection.execute("ROLLBACK TO tally_row") }
        try connection.execute("RELEASE tally_row")
        return effect
    }

    // MARK: Rows that are in the way

    func writeOver(_ row: Row, givingWay: Bool, effect: Effect) throws -> Effect {
        let upsert = try statement(.upsert)
        _ = try bind(row, to: upsert)
        guard let broken = try upsert.write() else { return effect }
        guard broken.isDuplicate, givingWay, mapping.givesWay else { return .rejected(broken.message) }
        return try replace(row)
    }

    /// Writes the complete row, and removes those that stand in its way.
    ///
    /// Only after another statement broke a unique constraint: REPLACE would also put a default where NULL is refused,
    /// and SQLite looks for such NULLs first.
    func replace(_ row: Row) throws -> Effect {
        if !mapping.rest.isEmpty {
            let update = try statement(.updateReplacing)
            _ = try bind(row, to: update)
            if let broken = try update.write() { return .rejected(broken.message) }
            if connection.changes > 0 { return .done }
        }
        let insert = try statement(.insertReplacing)
        _ = try bind(row, to: insert)
        if let broken = try insert.write() { return .rejected(broken.message) }
        return .done
    }

    // MARK: Values

    static let incomplete = "the row is not in the target and the change does not hold all of its columns"
    private static let absentKey = "the change does not hold the row's key"
    private static let nullKey = "a column of the key is NULL, so that no other row could be told from it"

    /// Binds all values that are written.
    ///
    /// - Returns: Whether the row has all of them.
    @inline(__always)
    func bind(_ row: Row, to statement: Statement) throws -> Bool {
        try statement.bind(row.values, at: mapping.written)
    }

    /// Binds the key's values as a statement has them that writes only some columns, and the values for those.
    private func bind(_ row: Row, _ places: [Int], to statement: Statement) throws {
        let keyPlaces = mapping.key.compactMap { mapping.written.firstIndex(of: $0) }
        for place in places + keyPlaces { try statement.bind(row[mapping.written[place]] ?? .null, at: place + 1) }
    }

    func bindKey(of row: Row, to statement: Statement) throws -> String? {
        if let problem = keyProblem(of: row) { return problem }
        for (index, place) in mapping.key.enumerated() { try statement.bind(row[place] ?? .null, at: index + 1) }
        return nil
    }

    @inline(__always)
    func keyProblem(of row: Row) -> String? {
        for place in mapping.key {
            switch row.values[place] {
            case .none: return Self.absentKey
            case .some(.null): return Self.nullKey
            default: continue
            }
        }
        return nil
    }

    private func hasNull(_ key: Row) -> Bool {
        key.values.contains { if case .null? = $0 { true } else { false } }
    }

    /// What a value itself breaks, such as the limit on its size, rejects the row as a constraint does.
    @inline(__always)
    func orRejected(_ body: () throws -> Effect) throws -> Effect {
        do {
            return try body()
        } catch let error as StoreError {
            guard let cause = error.cause as? SQLiteError, cause.isConstraint else { throw error }
            return .rejected(cause.message)
        }
    }

    // MARK: Statements

    func statement(_ kind: Kind) throws -> Statement {
        if let statement = statements[kind.rawValue] { return statement }
        let all = Array(mapping.written.indices)
        let sql =
            switch kind {
            case .insert: mapping.insert(or: .abort)
            case .upsert: mapping.upsert(onlyIfDifferent: false)
            case .upsertDifferent: mapping.upsert(onlyIfDifferent: true)
            case .update: mapping.update(or: .abort, mapping.rest)
            case .move: mapping.move(all)
            case .delete: mapping.delete
            case .updateReplacing: mapping.update(or: .replace, mapping.rest)
            case .insertReplacing: mapping.insert(or: .replace)
            }
        let statement = try connection.prepare(sql)
        statements[kind.rawValue] = statement
        return statement
    }

    private func partialUpdate(_ places: [Int], or conflict: TableMapping.Conflict) throws -> Statement {
        if conflict == .replace { return try connection.prepare(mapping.update(or: conflict, places)) }
        if let statement = partialUpdates[places] { return statement }
        // Rows seldom come with many different columns absent; where they do, the statements must not pile up.
        if partialUpdates.count >= 64 { partialUpdates.removeAll() }
        let statement = try connection.prepare(mapping.update(or: conflict, places))
        partialUpdates[places] = statement
        return statement
    }
}
