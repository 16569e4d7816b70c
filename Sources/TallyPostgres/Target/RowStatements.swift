import TallyModel

/// The statements that take rows of one schema to one table of the target.
///
/// Rows come as arrays, one for each column, which the server puts side by side again (`unnest`): one statement and one
/// round trip for any number of rows, compiled once. An array is of the column's own type, or of texts that the server
/// reads; which, is said with each statement, because the compiled one is for that alone.
struct RowStatements: Sendable {
    /// One column that is written.
    struct Field: Sendable {
        /// The place of its value in a row.
        var place: Int
        var column: PostgresColumn
        var name: String
        var castName: String
        /// Whether the server refuses to change it.
        var isFixed: Bool
        var sequence: TargetSequence?
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
                castName: facts?.castName ?? column.typeName,
                isFixed: facts?.isAlwaysIdentity ?? false,
                sequence: facts?.sequence
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

    enum Conflict: Sendable, Hashable {
        case refuse
        /// The row that has the key is written over.
        case write
    }

    /// The parameters are the arrays of all ``fields``.
    func insert(_ texts: [Bool], or conflict: Conflict) -> String {
        let all = Array(fields.indices)
        var sql =
            "INSERT INTO \(table) (\(names(all))) OVERRIDING SYSTEM VALUE SELECT \(values(all, texts)) FROM \(source(all.count))"
        if conflict == .write {
            let names = names(key.map(\.field))
            let assignments = rest.map { "\(fields[$0].name) = excluded.\(fields[$0].name)" }
            sql += " ON CONFLICT (\(names)) DO "
            sql += rest.isEmpty ? "NOTHING" : "UPDATE SET \(assignments.joined(separator: ", "))"
        }
        return sql
    }

    // MARK: Rows that are there

    /// Writes some fields of the rows with the keys. The parameters are the arrays of `written` and then of the key's
    /// values by which rows are found.
    func update(_ written: [Int], texts: [Bool]) -> String {
        let assignments = written.enumerated().map { "\(fields[$1].name) = \(value($0, $1, texts))" }
        return "UPDATE \(rows) AS h SET \(assignments.joined(separator: ", ")) "
            + "FROM \(source(written.count + key.count)) WHERE \(sameKey(from: written.count, texts))"
    }

    /// The parameters are the arrays of the key's values.
    func delete(_ texts: [Bool]) -> String {
        "DELETE FROM \(rows) AS h USING \(source(key.count)) WHERE \(sameKey(from: 0, texts))"
    }

    /// Which of the keys, counted from 1, no row has. The parameters are the arrays of the key's values.
    func missing(_ texts: [Bool]) -> String {
        "SELECT n.place FROM \(source(key.count, isNumbered: true)) "
            + "WHERE NOT EXISTS (SELECT FROM \(rows) AS h WHERE \(sameKey(from: 0, texts)))"
    }

    /// How many of the keys have rows. The parameters are the arrays of the key's values.
    func count(_ texts: [Bool]) -> String {
        "SELECT count(*) FROM \(source(key.count)) WHERE EXISTS (SELECT FROM \(rows) AS h WHERE \(sameKey(from: 0, texts)))"
    }

    // MARK: Parts

    func names(_ fields: [Int]) -> String { fields.map { self.fields[$0].name }.joined(separator: ", ") }

    /// The arrays as a table.
    func source(_ count: Int, isNumbered: Bool = false) -> String {
        let parameters = (1...count).map { "$\($0)" }.joined(separator: ", ")
        let columns = (0..<count).map { "c\($0)" }.joined(separator: ", ")
        return isNumbered
            ? "unnest(\(parameters)) WITH ORDINALITY AS n(\(columns), place)" : "unnest(\(parameters)) AS n(\(columns))"
    }

    private func values(_ fields: [Int], _ texts: [Bool]) -> String {
        fields.enumerated().map { value($0, $1, texts) }.joined(separator: ", ")
    }

    /// The value of a parameter's array for a field.
    func value(_ parameter: Int, _ field: Int, _ texts: [Bool]) -> String {
        texts[parameter] ? "n.c\(parameter)::\(fields[field].castName)" : "n.c\(parameter)"
    }

    /// - Parameter first: The place among the parameters of the key's first.
    private func sameKey(from first: Int, _ texts: [Bool]) -> String {
        key.enumerated().map { place, part in
            "h.\(fields[part.field].name) \(part.equals) \(value(first + place, part.field, texts))"
        }.joined(separator: " AND ")
    }
}
