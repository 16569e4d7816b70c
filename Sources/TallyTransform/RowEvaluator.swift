import SQLite
import TallyModel

/// Evaluates the expressions of a transform over one row after another.
///
/// One statement does all the work: it writes the row to a table in memory whose generated columns are the
/// expressions, and returns those. Generated columns see the values as the source's table holds them, with affinity
/// and collation, and there SQLite refuses the clock even where only a row's values ask for it (`date(x)` of 'now').
final class RowEvaluator {
    private let condition: Expression?
    private let computed: [Expression]
    private let schema: TableSchema
    /// The columns that any expression reads, in the order in which they are bound.
    private let inputs: [Int]
    private let statement: Statement

    init(condition: Expression?, computed: [Expression], compiler: ExpressionCompiler) throws {
        self.condition = condition
        self.computed = computed
        schema = compiler.schema
        let inputs = Set(computed.flatMap(\.reads) + (condition?.reads ?? [])).sorted()
        self.inputs = inputs

        let prefix = compiler.unusedName("tally")
        func name(_ role: String) -> String { quoted(prefix + role) }
        var columns = ["\(name("row")) INTEGER PRIMARY KEY"]
        columns += computed.indices.map { name("wanted\($0)") }
        columns += inputs.map(compiler.columnDefinition)
        columns.append("\(name("where")) AS ((\(condition?.sql ?? "1")\n) IS TRUE)")
        for (index, expression) in computed.enumerated() {
            // A row that `where` does not let in must not fail by what `set` would have made of it.
            let guarded = "CASE WHEN \(name("where")) AND \(name("wanted\(index)")) THEN (\(expression.sql)\n) END"
            columns.append("\(name("set\(index)")) AS (\(guarded))")
        }
        let sourceColumns = compiler.schema.columns
        let written =
            [name("row")] + computed.indices.map { name("wanted\($0)") }
            + inputs.map { quoted(sourceColumns[$0].name) }
        let returned = [name("where")] + computed.indices.map { name("set\($0)") }
        let connection = compiler.connection
        try connection.execute("DROP TABLE IF EXISTS source; CREATE TABLE source(\(columns.joined(separator: ", ")))")
        statement = try connection.prepare(
            """
            INSERT OR REPLACE INTO source(\(written.joined(separator: ", "))) \
            VALUES (1\(String(repeating: ", ?", count: written.count - 1))) RETURNING \(returned.joined(separator: ", "))
            """
        )
        // Open for good: a transaction for each row would cost more than the row.
        try connection.execute("BEGIN")
    }

    /// The names of the columns that any expression reads.
    var reads: Set<String> { Set(inputs.map { schema.columns[$0].name }) }

    /// What `set` makes of a row, in the order of the expressions; `nil` when `where` does not let it in.
    ///
    /// A value is absent when all that its expression reads is: nothing of that has changed. Where some is there, it may
    /// have, and what the target holds would be wrong.
    func values(for row: Row) throws(TransformFailure) -> [Value?]? {
        if let condition { try requireAll(condition, of: row) }
        let wanted = computed.map { $0.reads.allSatisfy { row[$0] != nil } }
        let values: [Value?]?
        do {
            values = try evaluate(row, wanted)
        } catch {
            throw culprit(row, wanted, error)
        }
        guard values != nil else { return nil }
        for (expression, isWanted) in zip(computed, wanted) where !isWanted {
            if expression.reads.contains(where: { row[$0] != nil }) { try requireAll(expression, of: row) }
        }
        return values
    }

    private func requireAll(_ expression: Expression, of row: Row) throws(TransformFailure) {
        guard let unknown = expression.reads.first(where: { row[$0] == nil }) else { return }
        let name = schema.columns[unknown].name
        throw failure(
            expression,
            "the change does not say what “\(name)” holds; the source has to send whole rows"
        )
    }

    private func evaluate(_ row: Row, _ wanted: [Bool]) throws -> [Value?]? {
        statement.reset()
        for (index, isWanted) in wanted.enumerated() { try statement.bind(.integer(isWanted ? 1 : 0), at: index + 1) }
        for (index, place) in inputs.enumerated() {
            try statement.bind(row[place] ?? .null, at: wanted.count + index + 1)
        }
        guard try statement.step(), statement.integer(at: 0) != 0 else { return nil }
        return wanted.enumerated().map { $1 ? statement.value(at: $0 + 1) : nil }
    }

    /// Finds the expression that fails by asking for each alone.
    private func culprit(_ row: Row, _ wanted: [Bool], _ error: any Error) -> TransformFailure {
        let none = wanted.map { _ in false }
        if let condition {
            do { _ = try evaluate(row, none) } catch { return failure(condition, Self.reason(error)) }
        }
        for (index, expression) in computed.enumerated() where wanted[index] {
            var one = none
            one[index] = true
            do { _ = try evaluate(row, one) } catch { return failure(expression, Self.reason(error)) }
        }
        return TransformFailure(setting: "set", expression: "", columns: [], reason: Self.reason(error))
    }

    private func failure(_ expression: Expression, _ reason: String) -> TransformFailure {
        TransformFailure(
            setting: expression.setting,
            expression: expression.shown,
            columns: expression.reads.map { schema.columns[$0].name },
            reason: reason
        )
    }

    /// Messages of SQLite that can hold no value of a row; every other one might quote one.
    private static let plainMessages: Set<String> = [
        "integer overflow", "malformed JSON", "string or blob too big", "out of memory",
        "ESCAPE expression must be a single character", RedactMisuse.message,
    ]

    private static func reason(_ error: any Error) -> String {
        let message = error.sqliteMessage
        if error.asksForTheTime { return "it asks for the time, which no transform may" }
        if plainMessages.contains(message) { return message }
        let code = ((error as? StoreError)?.cause as? SQLiteError)?.code
        return "SQLite cannot evaluate it" + (code.map { " (result code \($0))" } ?? "")
    }
}
