import SQLite
import TallyModel

/// Where the values of rows of one schema go in one table of the target, and the statements that take them there.
///
/// In every statement the written values are the parameters from 1 on, in the order of ``written``, so that one way to
/// bind serves them all. Each states its own conflict clause, because a table's own may ignore rows or roll back.
struct TableMapping: Sendable {
    let table: TableName
    /// The places in a row of the values that are written; the key's are among them.
    let written: [Int]
    /// The places in a row of the key's values, in key order.
    let key: [Int]
    /// The places in ``written`` of what is not in the key.
    let rest: [Int]
    /// Quoted names in the target, one for each of ``written``.
    let names: [String]
    /// The places in ``written`` of the key's values, in key order.
    private let keyPlaces: [Int]
    /// Whether equal keys are the same to the last bit, because the key is the rowid.
    private let isKeyExact: Bool
    /// The places in ``written`` of values for columns in which an integer may equal a real.
    private let classKeeping: Set<Int>
    /// One for each key column whose order in the target is not the source's: the collation of the source.
    private let foreignCollations: [String?]
    /// Key columns that the source orders in a way that SQLite does not know.
    private let unordered: [String]
    /// One for each key column: the collation by which the target knows keys apart.
    private let ownCollations: [String]
    private let nullableKeyPlaces: [Int]
    /// Whether rows in the way of a unique constraint may give way while the table catches up; see ``UniqueCover``.
    let givesWay: Bool

    /// - Throws: ``StoreError`` with `missingTable` or `incompatibleSchema` when the target has no place for the rows.
    init(_ schema: TableSchema, in connection: Connection) throws {
        unordered =
            schema.definition?.kind == "postgres"
            ? schema.keyColumns.filter { !PostgresTypes.isOrderedAlike($0) }.map(\.name) : []
        let schema = schema.withSQLiteCollations
        guard let existing = try Catalog.table(schema.name.sqliteName, in: connection) else {
            throw StoreError(
                .missingTable,
                "\(connection.path) has no table \(schema.name.sqliteName), or none whose rows a key tells apart; create it, "
                    + "or let Tally create it (`create: missing`)",
                table: schema.name
            )
        }
        let indexes = try Catalog.uniqueIndexes(of: existing.name.name, in: connection)
        let fit = TableFit(schema, in: existing, uniqueIndexes: indexes)
        if let problem = fit.problem { throw StoreError(.incompatibleSchema, problem, table: schema.name) }

        table = schema.name
        let written = schema.columns.indices.filter { place in
            fit.places[place].map { !existing.columns[$0].isGenerated } ?? false
        }
        let targets = written.compactMap { fit.places[$0] }.map { existing.columns[$0] }
        let keyPlaces = schema.key.compactMap { written.firstIndex(of: $0) }
        self.written = written
        self.keyPlaces = keyPlaces
        key = schema.key
        rest = written.indices.filter { !keyPlaces.contains($0) }
        names = targets.map { quoted($0.name) }
        isKeyExact =
            try schema.key.map { fit.places[$0] } == existing.key
            && (existing.hasImplicitKey || !Catalog.hasKeyIndex(existing.name.name, in: connection))
        classKeeping = Set(targets.indices.filter { Affinity.keepsClasses(targets[$0]) })
        foreignCollations = zip(schema.keyColumns, keyPlaces).map { column, place in
            let (wanted, held) = (column.collation ?? "BINARY", targets[place].collation ?? "BINARY")
            return wanted.uppercased() == held.uppercased() ? nil : wanted
        }
        ownCollations = keyPlaces.map { targets[$0].collation ?? "BINARY" }
        nullableKeyPlaces = keyPlaces.filter { targets[$0].isNullable }
        let others = fit.secondaryIndexes
        givesWay = try others.isEmpty || others.allSatisfy(UniqueCover(of: schema).covers)
    }

    // MARK: Rows

    enum Conflict: String {
        case abort = "ABORT"
        /// Rows in the way of a unique constraint go.
        case replace = "REPLACE"
    }

    func insert(or conflict: Conflict) -> String {
        let columns = names.joined(separator: ", ")
        return "INSERT OR \(conflict.rawValue) INTO \(target) AS h(\(columns)) VALUES (\(places(written.count)))"
    }

    /// Writes the row over one with its key.
    ///
    /// - Parameter onlyIfDifferent: Leaves a row alone that is the same already, to the storage class.
    func upsert(onlyIfDifferent: Bool) -> String {
        let set = isKeyExact ? rest : Array(written.indices)
        let head = "\(insert(or: .abort)) ON CONFLICT(\(keyNames.joined(separator: ", "))) DO"
        if set.isEmpty { return "\(head) NOTHING" }
        let assignments = set.map { "\(names[$0]) = excluded.\(names[$0])" }.joined(separator: ", ")
        let update = "\(head) UPDATE SET \(assignments)"
        guard onlyIfDifferent else { return update }
        let differences = set.map { place in
            let (held, given) = ("h.\(names[place])", "excluded.\(names[place])")
            let classes = classKeeping.contains(place) ? " OR typeof(\(held)) <> typeof(\(given))" : ""
            return "\(held) IS NOT \(given) COLLATE BINARY\(classes)"
        }
        return "\(update) WHERE \(differences.joined(separator: " OR "))"
    }

    /// Writes what is not in the key to the row with the key.
    ///
    /// - Parameter places: Which of ``written`` to write; at least one.
    func update(or conflict: Conflict, _ places: [Int]) -> String {
        let conditions = keyPlaces.map { "\(names[$0]) = ?\($0 + 1)" }
        return update(or: conflict, places, where: conditions)
    }

    /// Writes to the row with a former key, whose values follow the row's own.
    func move(_ places: [Int]) -> String {
        let conditions = keyPlaces.enumerated().map { "\(names[$1]) = ?\(written.count + $0 + 1)" }
        return update(or: .abort, places, where: conditions)
    }

    private func update(or conflict: Conflict, _ places: [Int], where conditions: [String]) -> String {
        let assignments = places.map { "\(names[$0]) = ?\($0 + 1)" }.joined(separator: ", ")
        let filter = conditions.joined(separator: " AND ")
        return "UPDATE OR \(conflict.rawValue) \(target) SET \(assignments) WHERE \(filter)"
    }

    /// The key's values are its parameters, in key order.
    var delete: String {
        "DELETE FROM \(target) WHERE \(keyNames.map { "\($0) = ?" }.joined(separator: " AND "))"
    }

    var truncate: String { "DELETE FROM \(target)" }

    // MARK: Ranges of keys

    /// Why it cannot be told which rows have their keys in a range; `nil` where it can.
    func problem(with range: KeyRange) -> String? {
        guard !unordered.isEmpty, range != .all else { return nil }
        return
            "the key's column \(unordered.joined(separator: ", ")) has an order in the source that SQLite does not know "
            + "(a collation, exact decimals), so that ranges of keys cannot be compared: empty the target's table, "
            + "then `tally resume FLOW TABLE` loads it again"
    }

    /// Whether any row has its key in the range. The parameters are the bounds' values.
    func anyRow(in range: KeyRange) -> String { "SELECT 1 FROM \(target) WHERE \(condition(for: range)) LIMIT 1" }

    /// Makes an empty table for keys, known apart as in the target's table.
    var keyTable: [String] {
        let columns = keyNames.enumerated().map { "\($1) AS k\($0)" }.joined(separator: ", ")
        let terms = ownCollations.enumerated().map { "k\($0) COLLATE \(quoted($1))" }.joined(separator: ", ")
        return [
            "DROP TABLE IF EXISTS temp._tally_keys",
            "CREATE TEMP TABLE _tally_keys AS SELECT \(columns) FROM main.\(target) WHERE 0",
            "CREATE UNIQUE INDEX temp._tally_keys_order ON _tally_keys(\(terms))",
        ]
    }

    var insertKey: String { "INSERT OR IGNORE INTO temp._tally_keys VALUES (\(places(keyPlaces.count)))" }

    /// Deletes the rows of the range whose keys are not in ``keyTable``. The parameters are the bounds' values.
    func deleteOthers(in range: KeyRange) -> String {
        let equal = keyNames.enumerated().map { "h.\($1) = s.k\($0)" }.joined(separator: " AND ")
        let isElsewhere = "NOT EXISTS (SELECT 1 FROM temp._tally_keys AS s WHERE \(equal))"
        return "DELETE FROM main.\(target) AS h WHERE (\(condition(for: range))) AND \(isElsewhere)"
    }

    private func condition(for range: KeyRange) -> String {
        let tuple = "(" + keyNames.enumerated().map { $1 + orderCollation($0) }.joined(separator: ", ") + ")"
        let values = "(\(keyNames.map { _ in "?" }.joined(separator: ", ")))"
        var bounds: [String] = []
        if range.lower != nil { bounds.append("\(tuple) > \(values)") }
        if range.upper != nil { bounds.append("\(tuple) <= \(values)") }
        if bounds.isEmpty { return "1" }
        let isInside = bounds.joined(separator: " AND ")
        // The source sends rows with NULL in the key with the first range.
        guard range.lower == nil, !nullableKeyPlaces.isEmpty else { return isInside }
        return "(\(isInside)) OR " + nullableKeyPlaces.map { "\(names[$0]) IS NULL" }.joined(separator: " OR ")
    }

    // MARK: Parts

    private var target: String { quoted(table.sqliteName) }

    var keyNames: [String] { keyPlaces.map { names[$0] } }

    private func places(_ count: Int) -> String { (1...count).map { "?\($0)" }.joined(separator: ", ") }

    /// How the source orders the key column, where the target's own collation would say something else.
    private func orderCollation(_ index: Int) -> String {
        foreignCollations[index].map { " COLLATE \(quoted($0))" } ?? ""
    }
}
