package import TallyModel

/// The rows whose changes the target refuses, by table and key, and what has happened to them since the last commit.
///
/// A parked row holds back its own later changes and nothing else: each is folded into the letter, and the net effect
/// is tried in the change's place. When it passes, the letter has had its day.
package struct ParkedRows {
    private struct Place: Hashable {
        let table: TableName
        let key: Row
    }

    private var letters: [Place: DeadLetter] = [:]
    /// Letters that are new or different since the last ``commit()``, to be made durable before the target commits.
    /// Each with its turn, for the oldest letter to get the smallest id.
    private var changed: [Place: Int] = [:]
    private var turns = 0
    /// Letters whose rows the target took since the last ``commit()``, to be removed after it has committed.
    private var passed: [Place: DeadLetter] = [:]
    private var counts: [TableName: Int] = [:]

    package init(_ letters: [DeadLetter] = []) {
        for letter in letters { put(letter, at: Place(table: letter.table, key: letter.key)) }
    }

    package var isEmpty: Bool { letters.isEmpty }
    package var count: Int { letters.count }
    package func count(of table: TableName) -> Int { counts[table] ?? 0 }
    package func holds(_ table: TableName) -> Bool { counts[table] != nil }
    package func letter(of table: TableName, key: Row) -> DeadLetter? { letters[Place(table: table, key: key)] }
    package func letters(of table: TableName) -> [DeadLetter] {
        letters.values.filter { $0.table == table }.sorted { $0.id < $1.id }
    }
    package var all: [DeadLetter] { letters.values.sorted { $0.id < $1.id } }

    /// Parks a change, or folds it into the letter that is there: the caller has folded the change itself already.
    ///
    /// - Parameter replacingUnkeyed: Whether a row with NULL in its key was there before, with other values: one letter
    ///   of such a row has had its day.
    package mutating func park(_ letter: DeadLetter, replacingUnkeyed: Bool = false) {
        if replacingUnkeyed, letters[Place(table: letter.table, key: letter.key)] == nil {
            passUnkeyed(letter.change, of: letter.schema)
        }
        let place = Place(table: letter.table, key: letter.key)
        var letter = letter
        if let earlier = letters[place] ?? passed[place] {
            letter.id = earlier.id
            letter.firstSeen = earlier.firstSeen
            letter.changes = earlier.changes + 1
        }
        passed[place] = nil
        put(letter, at: place)
        turns += 1
        changed[place] = changed[place] ?? turns
    }

    /// Notes that the target took the row of a letter in the transaction that is open.
    ///
    /// - Parameter change: What it took. Should the letter outlive the commit through a crash, it holds this, so that
    ///   to try it again changes nothing.
    package mutating func pass(_ letter: DeadLetter, as change: Change, of schema: TableSchema) {
        let place = Place(table: letter.table, key: letter.key)
        guard var letter = take(place) else { return }
        changed[place] = nil
        letter.schema = schema
        letter.change = change
        letter.change.table = 0
        passed[place] = letter
    }

    /// Notes that the target took a change of a row in the transaction that is open: a letter of the row passes with it,
    /// and one that passed before in the same transaction holds it too.
    package mutating func took(_ change: Change, of schema: TableSchema, key: Row) {
        let place = Place(table: schema.name, key: key)
        if let letter = letters[place] {
            pass(letter, as: change, of: schema)
        } else if var letter = passed[place] {
            letter.change = letter.change(under: schema).followed(by: change, existed: true)
            letter.change.table = 0
            letter.schema = schema
            passed[place] = letter
        } else if change.operation == .delete, schema.hasNullKey(change.row) {
            passUnkeyed(change, of: schema)
        }
    }

    /// Lets the oldest letter go of the rows whose key, with NULL in it, is that of `change`: which of them it was, the
    /// source does not say.
    private mutating func passUnkeyed(_ change: Change, of schema: TableSchema) {
        let key = change.row.picking(schema.key)
        let letter = letters.values.filter { $0.table == schema.name && $0.key.values.starts(with: key.values) }
            // The ledger gives ids from 1 up; a letter without one is the newest.
            .min { ($0.id == 0 ? .max : $0.id) < ($1.id == 0 ? .max : $1.id) }
        if let letter { pass(letter, as: change, of: schema) }
    }

    /// Notes that the target emptied a table in the transaction that is open.
    package mutating func tookTruncate(of table: TableName) {
        for place in Array(letters.keys) + Array(passed.keys) where place.table == table {
            guard let schema = (letters[place] ?? passed[place])?.schema else { continue }
            took(Change(.delete, key: place.key, of: schema), of: schema, key: place.key)
        }
    }

    /// Whether what the target takes of the table can concern a letter.
    package func concerns(_ table: TableName) -> Bool {
        holds(table) || passed.keys.contains { $0.table == table }
    }

    /// Forgets a letter that is gone from the ledger.
    package mutating func forget(_ letter: DeadLetter) {
        let place = Place(table: letter.table, key: letter.key)
        _ = take(place)
        changed[place] = nil
        passed[place] = nil
    }

    /// The letters that have to be durable before the target commits.
    package var toPark: [DeadLetter] {
        let passing = passed.values.filter { $0.id != 0 }.sorted { $0.id < $1.id }
        return passing + changed.sorted { $0.value < $1.value }.compactMap { letters[$0.key] }
    }

    /// Takes over the ids that the ledger gave.
    package mutating func parked(_ letters: [DeadLetter]) {
        for letter in letters { self.letters[Place(table: letter.table, key: letter.key)]?.id = letter.id }
        changed.removeAll()
    }

    /// The letters to remove now that the target has committed.
    package mutating func committed() -> [DeadLetter] {
        defer { passed.removeAll() }
        return passed.values.sorted { $0.id < $1.id }
    }

    private mutating func put(_ letter: DeadLetter, at place: Place) {
        if letters.updateValue(letter, forKey: place) == nil { counts[letter.table, default: 0] += 1 }
    }

    private mutating func take(_ place: Place) -> DeadLetter? {
        guard let letter = letters.removeValue(forKey: place) else { return nil }
        let rest = (counts[letter.table] ?? 1) - 1
        counts[letter.table] = rest > 0 ? rest : nil
        return letter
    }
}
