import SQLite
import TallyModel

/// How SQL written for one table is made to fit another that has fewer columns or other names for them.
///
/// Names compare as SQLite compares them: the case of ASCII letters does not matter.
struct ColumnRewriting: Sendable {
    let oldTable: String
    let newTable: String
    /// From the folded name in the text to the new name.
    private let renames: [String: String]
    /// Folded names in the text.
    private var removed: Set<String>
    private let computed: Set<String>

    init(from oldTable: String, to schema: TableSchema) {
        let definition = schema.definition
        self.oldTable = oldTable
        newTable = schema.name.sqliteName
        let pairs = (definition?.renames ?? [:]).map { ($0.key.asciiFolded, $0.value) }
        let renames = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        self.renames = renames
        removed = Set((definition?.removed ?? []).map(\.asciiFolded))
        let former = Dictionary(renames.map { ($0.value.asciiFolded, $0.key) }, uniquingKeysWith: { first, _ in first })
        computed = Set((definition?.computed ?? []).map { former[$0.asciiFolded] ?? $0.asciiFolded })
    }

    /// The column's name in the new table.
    func newName(of column: String) -> String { renames[column.asciiFolded] ?? column }

    func isRemoved(_ column: String) -> Bool { removed.contains(column.asciiFolded) }

    func isComputed(_ column: String) -> Bool { computed.contains(column.asciiFolded) }

    /// Takes the column for removed as well.
    mutating func remove(_ column: String) { removed.insert(column.asciiFolded) }

    func mentionsRemoved(_ tokens: [SQLToken]) -> Bool { Self.mentions(removed, in: tokens) }

    func mentionsComputed(_ tokens: [SQLToken]) -> Bool { Self.mentions(computed, in: tokens) }

    /// The expression, or list of columns, with the new names.
    func expression(_ tokens: [SQLToken]) -> [SQLToken] {
        var result = tokens
        for index in tokens.indices {
            guard let name = tokens[index].name else { continue }
            if Self.isColumn(at: index, of: tokens), let renamed = renames[name.asciiFolded] {
                result[index] = SQLToken(renaming: tokens[index], to: renamed)
            } else if Self.isQualifier(at: index, of: tokens), name.asciiFolded == oldTable.asciiFolded {
                result[index] = SQLToken(renaming: tokens[index], to: newTable)
            }
        }
        return result
    }

    /// Whether any of the columns, by their folded names, is mentioned.
    static func mentions(_ names: Set<String>, in tokens: [SQLToken]) -> Bool {
        !names.isEmpty
            && tokens.indices.contains { index in
                guard isColumn(at: index, of: tokens), let name = tokens[index].name else { return false }
                return names.contains(name.asciiFolded)
            }
    }

    /// Whether the token can only be the name of a column, and not of a function, a collation, a type or a table.
    private static func isColumn(at index: Int, of tokens: [SQLToken]) -> Bool {
        guard tokens[index].kind == .word || tokens[index].kind == .quotedName else { return false }
        if index > 0, tokens[index - 1].isWord("COLLATE") || tokens[index - 1].isWord("AS") { return false }
        guard index + 1 < tokens.count else { return true }
        return !isQualifier(at: index, of: tokens) && !tokens[index + 1].isSymbol("(")
    }

    private static func isQualifier(at index: Int, of tokens: [SQLToken]) -> Bool {
        index + 1 < tokens.count && tokens[index + 1].isSymbol(".")
    }
}

extension SQLToken {
    init(renaming token: SQLToken, to name: String) {
        self.init(kind: .quotedName, leading: token.leading, text: quoted(name))
    }
}

extension String {
    /// The text with its ASCII letters in lower case: what SQLite compares names by.
    var asciiFolded: String {
        String(decoding: utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}
