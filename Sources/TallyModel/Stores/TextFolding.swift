/// Which texts a unique constraint takes for the same.
public enum TextFolding: String, Sendable, Hashable, CaseIterable {
    /// None but those that are the same to the byte.
    case exact
    /// Those that differ in the case of the letters A–Z alone: SQLite's `NOCASE` and `lower()`
    /// (https://www.sqlite.org/datatype3.html#collating_sequences), PostgreSQL's `lower()` where the locale is C.
    case ascii
    /// Those that differ in spaces at their ends alone: SQLite's `RTRIM`, PostgreSQL's `character(n)`
    /// (https://www.postgresql.org/docs/current/datatype-character.html).
    case trimming
    /// Those that differ in the case of letters alone: PostgreSQL's `citext` and `lower()`.
    case caseless

    /// What texts have in common that are the same.
    public func folded(_ text: String) -> String {
        switch self {
        case .exact: return text
        case .ascii:
            var bytes = Array(text.utf8)
            for place in bytes.indices where (0x41...0x5A).contains(bytes[place]) { bytes[place] |= 0x20 }
            return String(decoding: bytes, as: UTF8.self)
        case .trimming:
            var rest = text.utf8[...]
            while rest.last == 0x20 { rest.removeLast() }
            return String(Substring(rest))
        case .caseless: return text.lowercased()
        }
    }
}
