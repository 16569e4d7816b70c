package import TallyModel

/// What a column's declared type says about its values, as far as merging them goes.
package enum ValueFamily: String, Sendable, Hashable, CaseIterable {
    case number, text, json, array, boolean, moment, bytes
    /// The type says nothing: any value may come.
    case anything
    /// A type of its own, such as an enum or an address.
    case other

    /// - Parameter kind: The kind of store that declares the type.
    package init(of column: Column, kind: String) {
        self = kind == "postgres" ? Self.postgres(column.declaredType) : Self.sqlite(column.declaredType)
    }

    /// By the words that people write in SQLite, and where they say nothing by SQLite's own rules of affinity
    /// (https://www.sqlite.org/datatype3.html#determination_of_column_affinity).
    private static func sqlite(_ type: String) -> ValueFamily {
        let type = type.uppercased()
        func says(_ words: String...) -> Bool { words.contains(where: type.contains) }
        if says("JSON") { return .json }
        if says("BOOL") { return .boolean }
        if says("DATE", "TIME") { return .moment }
        if says("INT") { return .number }
        if says("CHAR", "CLOB", "TEXT") { return .text }
        if says("BLOB") { return .bytes }
        if says("REAL", "FLOA", "DOUB", "NUM", "DEC") { return .number }
        return says("UUID", "GUID") ? .other : .anything
    }

    /// As `format_type` writes them.
    private static func postgres(_ type: String) -> ValueFamily {
        if type.hasSuffix("[]") { return .array }
        let name = type.prefix { $0 != "(" }.trimmingSuffix(" ")
        return switch name {
        case "smallint", "integer", "bigint", "numeric", "real", "double precision": .number
        case "text", "character varying", "character", "citext", "name", "bpchar": .text
        case "json", "jsonb": .json
        case "boolean": .boolean
        case "bytea": .bytes
        case "date", "interval": .moment
        default: name.hasPrefix("time") ? .moment : .other
        }
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ suffix: Character) -> Substring {
        var text = self
        while text.last == suffix { text.removeLast() }
        return text
    }
}
