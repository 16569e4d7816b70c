/// Walks over the tokens of a statement.
struct SQLScanner {
    private(set) var rest: ArraySlice<SQLToken>

    init(_ tokens: some Collection<SQLToken>) {
        rest = ArraySlice(tokens)
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// Whether the keyword comes next.
    func sees(_ keyword: String) -> Bool { rest.first?.isWord(keyword) ?? false }

    func sees(symbol: String) -> Bool { rest.first?.isSymbol(symbol) ?? false }

    mutating func take() -> SQLToken? { rest.popFirst() }

    /// Steps over the keyword if it comes next.
    mutating func take(_ keyword: String) -> Bool {
        guard sees(keyword) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func take(symbol: String) -> Bool {
        guard sees(symbol: symbol) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func takeName() -> String? {
        guard let name = rest.first?.name else { return nil }
        rest.removeFirst()
        return name
    }

    /// A name that its schema's may precede: only the last part counts.
    mutating func takeQualifiedName() -> String? {
        guard let name = takeName() else { return nil }
        return take(symbol: ".") ? takeName() : name
    }

    /// What stands between a `(` that comes next and its `)`.
    mutating func takeParenthesized() -> ArraySlice<SQLToken>? {
        guard sees(symbol: "(") else { return nil }
        var depth = 0
        for index in rest.indices {
            if rest[index].isSymbol("(") { depth += 1 }
            if rest[index].isSymbol(")") { depth -= 1 }
            if depth == 0 {
                let inner = rest[(rest.startIndex + 1)..<index]
                rest = rest[(index + 1)...]
                return inner
            }
        }
        return nil
    }

    /// The items of a list: what stands between commas that are in no parentheses.
    static func split(_ list: ArraySlice<SQLToken>) -> [[SQLToken]] {
        var items: [[SQLToken]] = [[]]
        var depth = 0
        for token in list {
            if token.isSymbol("(") { depth += 1 }
            if token.isSymbol(")") { depth -= 1 }
            if depth == 0, token.isSymbol(",") {
                items.append([])
            } else {
                items[items.count - 1].append(token)
            }
        }
        return items
    }
}
