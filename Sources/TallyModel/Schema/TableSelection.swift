/// Which tables of a store take part: patterns with `*` and `?`, and `!` in front of what is left out.
///
/// A pattern without a schema means the store's default one. A table takes part when some pattern matches it and no
/// `!` pattern does; a selection of `!` patterns alone selects all else.
public struct TableSelection: Sendable, Hashable {
    public let patterns: [String]
    /// What messages show instead of a pattern that may hold a secret, by pattern.
    public var shown: [String: String]

    public init(_ patterns: [String], shown: [String: String] = [:]) {
        self.patterns = patterns
        self.shown = shown
    }

    /// The same selection where a pattern may name the store's default schema, as `public.*` does.
    public func naming(defaultSchema: String) -> TableSelection {
        let prefix = defaultSchema + "."
        var (names, words): ([String], [String: String]) = ([], [:])
        for pattern in patterns {
            let negation = pattern.hasPrefix("!") ? "!" : ""
            let name = pattern.dropFirst(negation.count)
            let plain = name.hasPrefix(prefix) ? negation + name.dropFirst(prefix.count) : pattern
            names.append(plain)
            words[plain] = shown[pattern]
        }
        return TableSelection(names, shown: words)
    }

    /// A pattern as messages may show it.
    public func words(for pattern: String) -> String { shown[pattern] ?? pattern }

    public func contains(_ table: TableName) -> Bool {
        let (excluding, including) = (patterns.filter { $0.hasPrefix("!") }, patterns.filter { !$0.hasPrefix("!") })
        guard including.isEmpty || including.contains(where: { Self.matches($0, table) }) else { return false }
        return !excluding.contains { Self.matches(String($0.dropFirst()), table) }
    }

    /// The patterns that name one table exactly and match none of `tables`: most often a misspelling.
    public func unmatched(in tables: some Collection<TableName>) -> [String] {
        patterns.filter { pattern in
            !pattern.hasPrefix("!") && !tables.contains { Self.matches(pattern, $0) }
        }
    }

    private static func matches(_ pattern: String, _ table: TableName) -> Bool {
        if matches(Array(pattern), Array(table.name)[...]) && table.schema == nil { return true }
        guard let schema = table.schema, pattern.contains(".") else { return false }
        return matches(Array(pattern), Array("\(schema).\(table.name)")[...])
    }

    private static func matches(_ pattern: [Character], _ text: ArraySlice<Character>) -> Bool {
        matches(pattern[...], text)
    }

    private static func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        switch first {
        case "*":
            let rest = pattern.dropFirst()
            return (text.startIndex...text.endIndex).contains { matches(rest, text[$0...]) }
        case "?": return !text.isEmpty && matches(pattern.dropFirst(), text.dropFirst())
        default: return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
        }
    }
}
