/// One token of SQL text, with what stands before it, so that tokens joined again are the text.
struct SQLToken: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        /// A keyword or a name without quotes.
        case word
        /// A name in `"…"`, `` `…` `` or `[…]`; the first may also be text where SQLite is lenient.
        case quotedName
        case string
        case number
        /// One byte of punctuation; operators of several are several tokens with nothing between them.
        case symbol
    }

    var kind: Kind
    /// White space and comments before the token.
    var leading: String
    /// The token as written.
    var text: String

    /// The name that the token is, without its quotes; `nil` when it cannot be one.
    var name: String? {
        switch kind {
        case .word: return text
        case .quotedName:
            let quote = String(text.prefix(1))
            let inner = String(text.dropFirst().dropLast())
            return quote == "[" ? inner : inner.replacing(quote + quote, with: quote)
        // SQLite takes text for a name where only a name can stand.
        case .string: return String(text.dropFirst().dropLast()).replacing("''", with: "'")
        default: return nil
        }
    }

    func isWord(_ keyword: String) -> Bool {
        kind == .word && text.utf8.count == keyword.utf8.count && text.uppercased() == keyword
    }

    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
}

extension Collection<SQLToken> {
    /// The tokens as text again, without what stood before the first.
    var sql: String {
        guard let first else { return "" }
        return dropFirst().reduce(into: first.text) { $0 += $1.leading + $1.text }
    }
}

extension Array<SQLToken> {
    /// The item of a list of columns, which SQLite also lets begin with text in single quotes.
    var asName: [SQLToken] {
        guard let first, first.kind == .string, let name = first.name else { return self }
        return [SQLToken(renaming: first, to: name)] + dropFirst()
    }
}
