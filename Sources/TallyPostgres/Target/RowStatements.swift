import TallyModel

/// The statements that take rows of one schema to one table of the target.
///
/// Rows come as arrays, one for each column, which the server puts side by side again (`unnest`): one statement and one
/// round trip for any number of rows, compiled once. An array is of the column's own type, or of texts that the server
/// reads; then `casts` says what each element is to be read as.
struct RowStatements: Sendable {
    /// One column that is written.
    struct Field: Sendable {
        /// The place of its value in a row.
        var place: Int
        var column: PostgresColumn
        var name: String
        /// Whether the server refuses to change it.
        var isFixed: Bool
        /// Whether a collation decides how its values are ordered.
        var isCollatable: Bool
        var sequence: TargetSequence?
        /// Which values may be written; `nil` where all may, as in all columns but those of the key.
        var spelling: KeySpelling?
    }

    /// What is written, in the order of the schema.
    let fields: [Field]
    /// The places in ``fields`` of the key's columns, in key order, each with the operator for equality.
    let key: [(field: Int, equals: String)]
    /// The places in ``fields`` of what is not in the key and may be changed.
    let rest: [Int]
    let table: String
    /// For statements that touch rows which are there: without those of tables that inherit from it.
    let rows: String

    /// - Throws: ``StoreError`` with `incompatibleSchema` when the target has no place for the rows.
    init(_ fit: TableFit) throws {
        guard fit.problem == nil, let index = fit.keyIndex else {
            throw StoreError(.incompatibleSchema, fit.problem ?? "", table: fit.schema.name)
        }
        let computed = fit.computed
        let target = fit.target
        fields = fit.schema.columns.indices.compactMap { place in
            guard !computed.contains(place), let position = fit.places[place] else { return nil }
            let column = target.table.columns[position]
            let facts = target.facts[column.number]
            return Field(
                place: place,
                column: column,
                name: column.name.postgresIdentifier,
                isFixed: facts?.isAlwaysIdentity ?? false,
                isCollatable: facts?.isCollatable ?? false,
                sequence: facts?.sequence,
                spelling: fit.schema.key.contains(place) ? fit.spelling(at: place, as: column) : nil
            )
        }
        let fields = fields
        let key = fit.schema.key.compactMap { place -> (field: Int, equals: String)? in
            guard let field = fields.firstIndex(where: { $0.place == place }),
                let position = index.columns.firstIndex(of: fields[field].column.number)
            else { return nil }
            return (field, index.operators[position])
        }
        guard key.count == fit.schema.key.count else {
            throw StoreError(
                .incompatibleSchema,
                "a column of the key is generated in the target's table; rows cannot be found by it",
                table: fit.schema.name
            )
        }
        self.key = key
        rest = fields.indices.filter { field in !fields[field].isFixed && !key.contains { $0.field == field } }
        table = target.table.sql
        rows = target.table.rowsSQL
    }

    // MARK: Rows that are not there

    func copy(isBinary: Bool) -> String {
        "COPY \(table) (\(names(Array(fields.indices)))) FROM STDIN\(isBinary ? " (FORMAT binary)" : "")"
    }

    func copy(to stage: String, isBinary: Bool) -> String {
        "COPY pg_temp.\(stage) FROM STDIN\(isBinary ? " (FORMAT binary)" : "")"
    }

    /// Makes a table of the session's own with the columns of ``fields``.
    func makeStage(_ stage: String) -> String {
        "CREATE TEMP TABLE \(stage) ON COMMIT DROP AS SELECT \(names(Array(fields.indices))) FROM \(table) WITH NO DATA"
    }

    /// Writes the rows of a stage that are not there, or not the same to the last bit.
    func writeDifferent(from stage: String) -> String {
        let all = Array(fields.indices)
        let same = key.map { "h.\(fields[$0.field].name) \($0.equals) n.\(fields[$0.field].name)" }
        let (held, given) = (rest.map { "h.\(fields[$0].name)" }, rest.map { "n.\(fields[$0].name)" })
        // Equal numbers and texts may be written differently: `*<>` compares what is stored.
        let differs =
            rest.isEmpty
            ? "false"
            : "ROW(\(held.joined(separator: ", ")))::record OPERATOR(pg_catalog.*<>) "
                + "ROW(\(given.joined(separator: ", ")))::record"
        let isMissing = "h.\(fields[key[0].field].name) IS NULL"
        return "INSERT INTO \(table) (\(names(all))) OVERRIDING SYSTEM VALUE "
            + "SELECT \(all.map { "n.\(fields[$0].name)" }.joined(separator: ", ")) FROM pg_temp.\(stage) AS n "
            + "LEFT JOIN \(rows) AS h ON \(same.joined(separator: " AND ")) WHERE \(isMissing) OR \(differs)"
            + onConflictWrite
    }

    /// What the fields of packed rows have to be to be copied in as they are.
    var layout: PackedLayout { PackedLayout(fields.map(\.column)) }

    enum Conflict: Sendable, Hashable {
        case refuse
        /// The row that has the key is written over.
        case write
    }

    /// The parameters are the arrays of all ``fields``.
    func insert(_ casts: [String?], or conflict: Conflict) -> String {
        let all = Array(fields.indices)
        return "INSERT INTO \(table) (\(names(all))) OVERRIDING SYSTEM VALUE SELECT \(values(all, casts)) "
            + "FROM \(source(all.count))\(conflict == .write ? onConflictWrite : "")"
    }

    private var onConflictWrite: String {
        let assignments = rest.map { "\(fields[$0].name) = excluded.\(fields[$0].name)" }
        return " ON CONFLICT (\(names(key.map(\.field)))) DO "
            + (rest.isEmpty ? "NOTHING" : "UPDATE SET \(assignments.joined(separator: ", "))")
    }

    // MARK: Rows that are there

    /// Writes some fields of the rows with the keys. The parameters are the arrays of `written` and then of the key's
    /// values by which rows are found.
    func update(_ written: [Int], casts: [String?]) -> String {
        let assignments = written.enumerated().map { "\(fields[$1].name) = \(value($0, casts))" }
        return "UPDATE \(rows) AS h SET \(assignments.joined(separator: ", ")) "
            + "FROM \(source(written.count + key.count)) WHERE \(sameKey(from: written.count, casts))"
    }

    /// The parameters are the arrays of the key's values.
    func delete(_ casts: [String?]) -> String {
        "DELETE FROM \(rows) AS h USING \(source(key.count)) WHERE \(sameKey(from: 0, casts))"
    }

    /// Which of the keys, counted from 1, no row has. The parameters are the arrays of the key's values.
    func missing(_ casts: [String?]) -> String {
        "SELECT n.place FROM \(source(key.count, isNumbered: true)) "
            + "WHERE NOT EXISTS (SELECT FROM \(rows) AS h WHERE \(sameKey(from: 0, casts)))"
    }

    /// How many of the keys have rows. The parameters are the arrays of the key's values.
    func count(_ casts: [String?]) -> String {
        "SELECT count(*) FROM \(source(key.count)) "
            + "WHERE EXISTS (SELECT FROM \(rows) AS h WHERE \(sameKey(from: 0, casts)))"
    }

    // MARK: Parts

    func names(_ fields: [Int]) -> String { fields.map { self.fields[$0].name }.joined(separator: ", ") }

    /// The arrays as a table.
    ///
    /// In the list of what is selected `unnest` hands out one element after the other; in `FROM` the server puts those of
    /// every array aside first. Measured: an update of 512 rows takes 0.9 of the server's time so.
    func source(_ count: Int, from first: Int = 1, isNumbered: Bool = false) -> String {
        let places = 0..<count
        if isNumbered {
            let parameters = places.map { "$\(first + $0)" }.joined(separator: ", ")
            let columns = places.map { "c\($0)" }.joined(separator: ", ")
            return "unnest(\(parameters)) WITH ORDINALITY AS n(\(columns), place)"
        }
        return "(SELECT \(places.map { "unnest($\(first + $0)) AS c\($0)" }.joined(separator: ", "))) AS n"
    }

    private func values(_ fields: [Int], _ casts: [String?]) -> String {
        fields.indices.map { value($0, casts) }.joined(separator: ", ")
    }

    /// The value of a parameter's array for a field.
    func value(_ parameter: Int, _ casts: [String?]) -> String {
        casts[parameter].map { "n.c\(parameter)::\($0)" } ?? "n.c\(parameter)"
    }

    /// - Parameter first: The place among the parameters of the key's first.
    func sameKey(from first: Int, _ casts: [String?]) -> String {
        key.enumerated().map { place, part in
            "h.\(fields[part.field].name) \(part.equals) \(value(first + place, casts))"
        }.joined(separator: " AND ")
    }
}
