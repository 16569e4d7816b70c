import TallyModel

/// Finds the rows of a table whose keys are in a chunk's range, in the order that the source has keys in.
///
/// That order has to be known: a row that the target finds in the range and the source has elsewhere would be deleted.
/// Where texts are ordered by a collation, it is that of the source's column, which has to be there; that both ends
/// agree on the chunk's own keys is looked at before anything is deleted.
struct RangeStatements {
    private let table: TableName
    private let statements: RowStatements
    private let condition: String
    private let parameters: [Parameter]
    private let lower: Row?
    private let collations: [String]

    init(_ chunk: Chunk, _ writer: TableWriter, _ target: TargetConnection) throws {
        table = chunk.schema.name
        statements = writer.statements
        lower = chunk.range.lower
        collations = try KeyCollation.clauses(for: chunk.schema, writer, in: target)
        var parameters: [Parameter] = []
        var conditions: [String] = []
        let names = zip(statements.key, collations).map { part, collation in
            "h.\(writer.statements.fields[part.field].name)\(collation)"
        }
        for (bound, comparison) in [(chunk.range.lower, ">"), (chunk.range.upper, "<=")] {
            guard let bound else { continue }
            var values: [String] = []
            for (place, part) in statements.key.enumerated() {
                let (column, spelling) = (statements.fields[part.field].column, statements.fields[part.field].spelling)
                do throws(ArrayParameter.Refusal) {
                    // A key that would be read as another one may stand elsewhere in the target's order.
                    let problem = bound.values[place].flatMap { spelling?.problem(with: $0) }
                    if let problem { throw ArrayParameter.Refusal(rows: [(0, problem)]) }
                    let array = try ArrayParameter(column, count: 1) { _ in bound.values[place] }
                    parameters.append(array.parameter)
                    values.append("($\(parameters.count))[1]" + (array.elementType.map { "::\($0)" } ?? ""))
                } catch {
                    throw StoreError(
                        .incompatibleSchema,
                        "a key of the source cannot be written in the target's column \(column.name) of type "
                            + "\(column.typeName), so that ranges of keys cannot be compared",
                        table: chunk.schema.name
                    )
                }
            }
            conditions.append("(\(names.joined(separator: ", "))) \(comparison) (\(values.joined(separator: ", ")))")
        }
        var condition = conditions.isEmpty ? "true" : conditions.joined(separator: " AND ")
        // The source sends rows with NULL in the key with the first range.
        if chunk.range.lower == nil, chunk.range.upper != nil, writer.fit.keyIndex?.isNullable == true {
            let nulls = statements.key.map { "h.\(writer.statements.fields[$0.field].name) IS NULL" }
            condition = "(\(condition) OR \(nulls.joined(separator: " OR ")))"
        }
        self.condition = condition
        self.parameters = parameters
    }

    func holdsRows(in target: TargetConnection) throws -> Bool {
        let sql = "SELECT FROM \(statements.rows) AS h WHERE \(condition) LIMIT 1"
        return try target.run([Command(sql, parameters, isKept: false)])[0].rowCount > 0
    }

    /// Deletes the rows of the range whose keys are not among these.
    func deleteOthers(than rows: [Row], _ writer: TableWriter, in target: TargetConnection) throws {
        try checkOrder(rows, writer, in: target)
        let keys = writer.keys(of: rows, from: parameters.count + 1)
        let sql =
            rows.isEmpty
            ? "DELETE FROM \(statements.rows) AS h WHERE \(condition)"
            : "DELETE FROM \(statements.rows) AS h WHERE \(condition) AND NOT EXISTS (SELECT FROM \(keys.source) "
                + "WHERE \(keys.sameKey))"
        try target.run([
            // As many keys as these are better put in a hash table.
            Command("SET LOCAL enable_hashjoin = on", isKept: false),
            Command(sql, parameters + (rows.isEmpty ? [] : keys.parameters), isKept: false),
            Command("SET LOCAL enable_hashjoin = off", isKept: false),
        ])
    }

    /// - Throws: ``StoreError`` with `incompatibleSchema` where keys follow each other otherwise than at the source.
    private func checkOrder(_ rows: [Row], _ writer: TableWriter, in target: TargetConnection) throws {
        guard collations.contains(where: { !$0.isEmpty }), rows.count > 1 else { return }
        let keys = writer.keys(of: rows, from: 1)
        let columns = keys.values.enumerated().map { "\($1) AS k\($0), lag(\($1)) OVER w AS p\($0)" }
        let now = collations.enumerated().map { "k\($0)\($1)" }.joined(separator: ", ")
        let before = collations.enumerated().map { "p\($0)\($1)" }.joined(separator: ", ")
        let sql =
            "SELECT FROM (SELECT \(columns.joined(separator: ", ")) FROM \(keys.numberedSource) "
            + "WINDOW w AS (ORDER BY n.place)) AS keys WHERE (\(now)) <= (\(before)) LIMIT 1"
        guard try target.run([Command(sql, keys.parameters, isKept: false)])[0].rowCount > 0 else { return }
        throw StoreError(
            .incompatibleSchema,
            "texts are ordered one way in the source and another in the target, so that ranges of keys cannot be "
                + "compared: empty the target's table \(table), and load it again",
            table: table
        )
    }
}
