import SQLite
import TallyModel

/// Checks the expressions of a transform with SQLite's own parser, against a table like the source's.
///
/// Each is compiled as a generated column: there SQLite itself refuses subqueries, aggregates, parameters and functions
/// whose results differ from call to call.
struct ExpressionCompiler {
    let schema: TableSchema
    let connection: Connection

    init(_ schema: TableSchema) throws {
        self.schema = schema
        connection = try Connection(path: ":memory:", access: .create)
        try connection.setStrictQuoting()
        try connection.registerTransformFunctions()
    }

    func compile(_ sql: String, setting: String, shown: String? = nil) throws(TransformProblem) -> Expression {
        let isBlank = !sql.contains { !$0.isWhitespace }
        if isBlank { throw TransformProblem(setting, "the expression is empty") }
        guard Expression.isBalanced(sql) else {
            throw TransformProblem(setting, "the parentheses of «\(shown ?? sql)» do not match")
        }
        let probe = unusedName("probe")
        let names: Set<String>
        do {
            let columns = schema.columns.indices.map(columnDefinition) + ["\(quoted(probe)) AS (\(sql)\n)"]
            try connection.execute(
                "DROP TABLE IF EXISTS source; CREATE TABLE source(\(columns.joined(separator: ", ")))"
            )
            names = try connection.columnsRead(by: "SELECT (\(sql)\n) FROM source")
            try refuseClock()
        } catch {
            throw TransformProblem(setting, explanation(of: error, in: sql, shown: shown))
        }
        let reads = schema.columns.indices.filter { names.contains(schema.columns[$0].name) }
        for place in reads where hasForeignCollation(schema.columns[place]) {
            let column = schema.columns[place]
            let message =
                "reads “\(column.name)”, which compares by “\(column.collation ?? "")”, a collation that only "
            throw TransformProblem(setting, message + "the source's own programs have; leave the column out")
        }
        return Expression(setting: setting, sql: sql, shown: shown ?? sql, reads: reads)
    }

    /// SQLite notices only at run time that `datetime('now')` asks for the time; a row of nulls makes it look.
    private func refuseClock() throws {
        do {
            try connection.execute("INSERT INTO source DEFAULT VALUES")
        } catch  where error.asksForTheTime {
            throw error
        } catch {
            // A row of nulls is no row of the user's: what else fails with it may be right with theirs.
        }
    }

    /// A column for evaluation: the source's affinity and collation, and nothing else.
    func columnDefinition(_ place: Int) -> String {
        let column = schema.columns[place]
        var definition = quoted(column.name)
        let affinity = affinity(of: column)
        if !affinity.isEmpty { definition += " \(affinity)" }
        if let collation = column.collation, !hasForeignCollation(column), isBuiltIn(collation) {
            definition += " COLLATE \(collation)"
        }
        return definition
    }

    /// `base`, lengthened until no column of the table begins with it.
    func unusedName(_ base: String) -> String {
        var name = base
        while schema.columns.contains(where: { $0.name.lowercased().hasPrefix(name) }) { name += "_" }
        return name
    }

    /// The rules of https://www.sqlite.org/datatype3.html section 3.1, as a type name with that very affinity.
    private func affinity(of column: Column) -> String {
        let type = column.declaredType.uppercased()
        if type == "ANY" && isStrict { return "" }
        if type.contains("INT") { return "INTEGER" }
        if ["CHAR", "CLOB", "TEXT"].contains(where: type.contains) { return "TEXT" }
        if type.isEmpty || type.contains("BLOB") { return "" }
        if ["REAL", "FLOA", "DOUB"].contains(where: type.contains) { return "REAL" }
        return "NUMERIC"
    }

    /// In a STRICT table ANY keeps every value as it is; elsewhere it would have numeric affinity.
    private var isStrict: Bool {
        guard let definition = schema.definition, definition.kind == "sqlite",
            let end = definition.table.lastIndex(of: ")")
        else { return false }
        return definition.table[end...].uppercased().contains("STRICT")
    }

    private func isBuiltIn(_ collation: String) -> Bool {
        ["BINARY", "NOCASE", "RTRIM"].contains(collation.uppercased())
    }

    /// Other kinds of store have collations of their own everywhere; their rows are compared by SQLite's rules.
    private func hasForeignCollation(_ column: Column) -> Bool {
        schema.definition?.kind == "sqlite" && column.collation.map(isBuiltIn) == false
    }

    private func explanation(of error: any Error, in sql: String, shown: String?) -> String {
        let message = error.sqliteMessage
        if error.asksForTheTime || message.hasPrefix("non-deterministic functions") {
            return
                "«\(shown ?? sql)» gives another result from one call to the next (random(), the clock); only functions of "
                + "the row alone are possible"
        }
        // SQLite's words would quote a part of what is not to be shown.
        if let shown { return "«\(shown)» does not compile with what its ${…} stand for" }
        let text = message.replacing(" in generated columns", with: " in a transform")
        let missing = "no such column: "
        guard text.hasPrefix(missing) else { return "«\(sql)» does not compile: \(text)" }
        let nearest = nearestName(to: String(text.dropFirst(missing.count)), in: schema.columns.map(\.name))
        return "«\(sql)» does not compile: \(text)" + (nearest.map { "; did you mean “\($0)”?" } ?? "")
    }
}

extension TransformProblem: Error {}

extension Error {
    /// SQLite's own words, without what the connection says around them.
    var sqliteMessage: String {
        ((self as? StoreError)?.cause as? SQLiteError)?.message ?? "\(self)"
    }

    /// SQLite has one result code for all that goes wrong in an expression; only the words tell this one.
    var asksForTheTime: Bool { sqliteMessage.hasPrefix("non-deterministic use of ") }
}
