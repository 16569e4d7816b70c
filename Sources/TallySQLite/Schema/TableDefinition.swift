import SQLite
import TallyModel

/// A `CREATE TABLE` statement, in parts.
struct TableDefinition: Sendable, Hashable {
    struct ColumnDefinition: Sendable, Hashable {
        var name: String
        var type: [SQLToken]
        var clauses: [ConstraintClause]
    }

    var name: String
    var columns: [ColumnDefinition]
    var constraints: [ConstraintClause]
    /// `WITHOUT ROWID`, `STRICT`.
    var options: [SQLToken]

    var isStrict: Bool { options.contains { $0.isWord("STRICT") } }

    /// - Returns: `nil` for any other text.
    init?(_ sql: String) {
        var scanner = SQLScanner(SQLTokenizer.tokens(of: sql))
        guard scanner.take("CREATE") else { return nil }
        _ = scanner.take("TEMP") || scanner.take("TEMPORARY")
        guard scanner.take("TABLE") else { return nil }
        if scanner.take("IF") {
            guard scanner.take("NOT"), scanner.take("EXISTS") else { return nil }
        }
        guard let name = scanner.takeQualifiedName(), let list = scanner.takeParenthesized() else { return nil }
        self.name = name
        options = Array(scanner.rest)
        columns = []
        constraints = []
        for item in SQLScanner.split(list) {
            var scanner = SQLScanner(item)
            let isConstraint = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"].contains { scanner.sees($0) }
            if isConstraint {
                guard let clauses = Self.clauses(&scanner) else { return nil }
                constraints += clauses
            } else {
                guard let column = Self.column(&scanner) else { return nil }
                columns.append(column)
            }
        }
        guard !columns.isEmpty else { return nil }
    }

    private static func column(_ scanner: inout SQLScanner) -> ColumnDefinition? {
        guard let name = scanner.takeName() else { return nil }
        var type: [SQLToken] = []
        while !scanner.isAtEnd, !scanner.seesConstraint {
            guard let token = scanner.take() else { break }
            type.append(token)
        }
        return clauses(&scanner).map { ColumnDefinition(name: name, type: type, clauses: $0) }
    }

    private static func clauses(_ scanner: inout SQLScanner) -> [ConstraintClause]? {
        var clauses: [ConstraintClause] = []
        while !scanner.isAtEnd {
            guard let clause = scanner.takeConstraint() else { return nil }
            clauses.append(clause)
        }
        return clauses
    }
}
