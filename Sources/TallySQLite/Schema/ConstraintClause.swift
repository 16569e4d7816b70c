/// One constraint of a column or of a table, as written.
struct ConstraintClause: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case primaryKey, notNull, null, unique, check, defaultValue, collate, generated
        /// `FOREIGN KEY` or `REFERENCES`, with what may follow.
        case foreignKey
        /// A `CONSTRAINT name` that nothing follows, which SQLite accepts.
        case nameOnly
    }

    var kind: Kind
    /// `CONSTRAINT name`, or nothing.
    var label: [SQLToken]
    /// Before the columns or the expression in parentheses, where there are any.
    var head: [SQLToken]
    /// The columns or the expression that the table itself is asked for; `nil` where there are none.
    var body: [SQLToken]?
    /// All after it.
    var tail: [SQLToken]

    var sql: String {
        var parts = [label.sql, head.sql].filter { !$0.isEmpty }
        if let body { parts.append("(\(body.sql))") }
        if !tail.isEmpty { parts.append(tail.sql) }
        return parts.joined(separator: " ")
    }
}

extension SQLScanner {
    /// Whether a constraint comes next.
    var seesConstraint: Bool {
        if sees("GENERATED") { return rest.dropFirst().first?.isWord("ALWAYS") ?? false }
        let beginnings = [
            "CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "AS",
            "FOREIGN",
        ]
        return beginnings.contains { sees($0) }
    }

    /// - Returns: `nil` for what is no constraint.
    mutating func takeConstraint() -> ConstraintClause? {
        var clause = ConstraintClause(kind: .nameOnly, label: [], head: [], body: nil, tail: [])
        if sees("CONSTRAINT") {
            clause.label = taking { $0.take() != nil && $0.takeName() != nil }
        }
        let keyword = rest.first?.text.uppercased() ?? ""
        switch keyword {
        case "PRIMARY":
            clause.kind = .primaryKey
            clause.head = taking { $0.take("PRIMARY") && $0.take("KEY") }
            clause.body = takeColumns()
            clause.tail = taking { scanner in
                _ = scanner.take("ASC") || scanner.take("DESC")
                scanner.skipConflictClause()
                _ = scanner.take("AUTOINCREMENT")
                return true
            }
        case "NOT", "NULL":
            clause.kind = keyword == "NOT" ? .notNull : .null
            clause.head = taking { scanner in
                _ = scanner.take("NOT")
                guard scanner.take("NULL") else { return false }
                scanner.skipConflictClause()
                return true
            }
            if clause.head.isEmpty { return nil }
        case "UNIQUE":
            clause.kind = .unique
            clause.head = taking { $0.take("UNIQUE") }
            clause.body = takeColumns()
            clause.tail = takingConflictClause()
        case "CHECK":
            clause.kind = .check
            clause.head = taking { $0.take("CHECK") }
            guard let body = takeParenthesized() else { return nil }
            clause.body = Array(body)
            clause.tail = takingConflictClause()
        case "DEFAULT":
            clause.kind = .defaultValue
            clause.head = taking { scanner in
                _ = scanner.take("DEFAULT")
                if scanner.sees(symbol: "(") { return scanner.takeParenthesized() != nil }
                _ = scanner.take(symbol: "-") || scanner.take(symbol: "+")
                return scanner.take() != nil
            }
        case "COLLATE":
            clause.kind = .collate
            clause.head = taking { $0.take("COLLATE") && $0.takeName() != nil }
        case "FOREIGN", "REFERENCES":
            clause.kind = .foreignKey
            clause.head = taking { $0.take("FOREIGN") && $0.take("KEY") }
            if !clause.head.isEmpty { clause.body = takeColumns() }
            clause.tail = taking { $0.skipReference() }
            if clause.tail.isEmpty { return nil }
        case "GENERATED", "AS":
            clause.kind = .generated
            clause.head = taking { scanner in
                _ = scanner.take("GENERATED") && scanner.take("ALWAYS")
                return scanner.take("AS")
            }
            guard let body = takeParenthesized() else { return nil }
            clause.body = Array(body)
            clause.tail = taking { $0.take("STORED") || $0.take("VIRTUAL") }
        default:
            if clause.label.isEmpty { return nil }
        }
        return clause
    }

    /// The tokens that `step` went over; none, and nothing is stepped over, where it says `false`.
    private mutating func taking(_ step: (inout SQLScanner) -> Bool) -> [SQLToken] {
        var ahead = self
        guard step(&ahead) else { return [] }
        defer { self = ahead }
        return Array(rest[..<ahead.rest.startIndex])
    }

    private mutating func takeColumns() -> [SQLToken]? {
        guard let list = takeParenthesized() else { return nil }
        let comma = SQLToken(kind: .symbol, leading: "", text: ",")
        return Array(Self.split(list).map(\.asName).joined(separator: [comma]))
    }

    private mutating func takingConflictClause() -> [SQLToken] {
        taking { scanner in
            scanner.skipConflictClause()
            return true
        }
    }

    private mutating func skipConflictClause() {
        var ahead = self
        guard ahead.take("ON"), ahead.take("CONFLICT"), ahead.take() != nil else { return }
        self = ahead
    }

    /// Steps over `REFERENCES` and all that may follow it.
    private mutating func skipReference() -> Bool {
        guard take("REFERENCES"), takeName() != nil else { return false }
        _ = takeParenthesized()
        while true {
            var ahead = self
            if ahead.take("ON") {
                guard ahead.take() != nil else { return false }
                // SET NULL, SET DEFAULT and NO ACTION are two words, CASCADE and RESTRICT one.
                _ = ahead.take("SET") || ahead.take("NO")
                guard ahead.take() != nil else { return false }
            } else if ahead.take("MATCH") {
                guard ahead.takeName() != nil else { return false }
            } else if ahead.take("INITIALLY") {
                guard ahead.take() != nil else { return false }
            } else if ahead.take("NOT") {
                guard ahead.take("DEFERRABLE") else { return true }
            } else if !ahead.take("DEFERRABLE") {
                return true
            }
            self = ahead
        }
    }
}
