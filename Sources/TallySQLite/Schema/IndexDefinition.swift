import SQLite

/// A `CREATE INDEX` statement, in parts.
struct IndexDefinition: Sendable, Hashable {
    var isUnique: Bool
    var name: String
    var table: String
    /// Column or expression, collation and direction of each term, as written.
    var terms: [[SQLToken]]
    /// What stands after `WHERE`.
    var condition: [SQLToken]?

    /// - Returns: `nil` for any other text.
    init?(_ sql: String) {
        var scanner = SQLScanner(SQLTokenizer.tokens(of: sql))
        guard scanner.take("CREATE") else { return nil }
        isUnique = scanner.take("UNIQUE")
        guard scanner.take("INDEX") else { return nil }
        if scanner.take("IF") {
            guard scanner.take("NOT"), scanner.take("EXISTS") else { return nil }
        }
        guard let name = scanner.takeQualifiedName(), scanner.take("ON"), let table = scanner.takeName(),
            let list = scanner.takeParenthesized()
        else { return nil }
        (self.name, self.table) = (name, table)
        terms = SQLScanner.split(list).map(\.asName)
        condition = scanner.take("WHERE") ? Array(scanner.rest) : nil
    }

    /// The expression of a term, without the collation and direction that may follow it.
    func expression(ofTerm index: Int) -> String {
        var term = terms[index]
        if let last = term.last, last.isWord("ASC") || last.isWord("DESC") { term.removeLast() }
        if term.count > 2, term[term.count - 2].isWord("COLLATE") { term.removeLast(2) }
        return term.sql
    }

    /// The index for a table that differs from the one it was made for, under another name.
    ///
    /// - Returns: The statement; `nil` when the index needs a column that the table lacks.
    func sql(named name: String, rewriting rewrite: ColumnRewriting) -> String? {
        let tokens = terms.flatMap { $0 } + (condition ?? [])
        guard !rewrite.mentionsRemoved(tokens) else { return nil }
        // What was unique before it was computed anew need not be unique any more.
        let unique = isUnique && !rewrite.mentionsComputed(tokens) ? "UNIQUE " : ""
        let list = terms.map { rewrite.expression($0).sql }.joined(separator: ", ")
        let filter = condition.map { " WHERE " + rewrite.expression($0).sql } ?? ""
        return "CREATE \(unique)INDEX \(quoted(name)) ON \(quoted(rewrite.newTable))(\(list))\(filter)"
    }
}
