/// What a column of a group holds, in the types of PostgreSQL: where members are of different kinds, its types decide which
/// values are one value. Columns of SQLite have the type that a flow to PostgreSQL gives them.
///
/// The tables are in docs/postgres.md.
package indirect enum ColumnType: Sendable, Hashable {
    case boolean, float4, float8, bytes, date, interval, uuid, json, jsonb
    /// So many bytes wide.
    case integer(Int)
    /// How many digits there are in all and behind the point, where the type says so.
    case numeric(precision: Int?, scale: Int?)
    /// How many digits of a second there are.
    case time(Int), timestamp(Int, isZoned: Bool)
    case text
    /// Filled up with spaces to so many characters.
    case character(Int)
    case array(ColumnType)
    /// A type whose texts only its own store can read.
    case other

    /// - Parameters:
    ///   - declared: The type as the seed declares it.
    ///   - kind: The kind of store that the seed is.
    package init(_ declared: String, kind: String?) {
        self = kind == "sqlite" ? Self.sqlite(declared) : Self.postgres(declared)
    }

    /// As `format_type` writes them: `numeric(12,2)`, `timestamp(3) with time zone`, `integer[]`.
    private static func postgres(_ declared: String) -> ColumnType {
        if declared.hasSuffix("[]") { return .array(postgres(String(declared.dropLast(2)))) }
        let parts = declared.split(separator: "(", maxSplits: 1)
        let inner = parts.count > 1 ? parts[1].prefix { $0 != ")" } : ""
        let numbers = inner.split(separator: ",").compactMap { Int($0) }
        let rest = parts.count > 1 ? parts[1].drop { $0 != ")" }.dropFirst() : ""
        let digits = numbers.first ?? 6
        switch (parts.first ?? "") + rest {
        case "boolean": return .boolean
        case "smallint": return .integer(2)
        case "integer": return .integer(4)
        case "bigint": return .integer(8)
        case "real": return .float4
        case "double precision": return .float8
        case "numeric": return .numeric(precision: numbers.first, scale: numbers.first.map { _ in numbers.last ?? 0 })
        case "text", "character varying", "name", "citext", "xml", "bpchar": return .text
        case "character": return numbers.first.map { .character($0) } ?? .text
        case "bytea": return .bytes
        case "date": return .date
        case "time without time zone": return .time(digits)
        case "timestamp without time zone": return .timestamp(digits, isZoned: false)
        case "timestamp with time zone": return .timestamp(digits, isZoned: true)
        case "interval": return .interval
        case "uuid": return .uuid
        case "json": return .json
        case "jsonb": return .jsonb
        default: return .other
        }
    }

    private static func sqlite(_ declared: String) -> ColumnType {
        let type = declared.uppercased()
        let words = type.split { " (),".contains($0) }
        switch words.first {
        case nil: return .text
        case "BOOL", "BOOLEAN": return .boolean
        case "UUID": return .uuid
        case "JSON": return .json
        case "JSONB": return .jsonb
        case "DATE": return .date
        case "TIME": return .time(6)
        case "TIMESTAMPTZ": return .timestamp(6, isZoned: true)
        case "TIMESTAMP" where type == "TIMESTAMP WITH TIME ZONE": return .timestamp(6, isZoned: true)
        case "DATETIME", "TIMESTAMP": return .timestamp(6, isZoned: false)
        case "INTERVAL": return .interval
        case "DECIMAL", "NUMERIC", "NUMBER": return .numeric(precision: nil, scale: nil)
        case "BYTEA": return .bytes
        default: break
        }
        if type.contains("INT") { return .integer(8) }
        if ["CHAR", "CLOB", "TEXT"].contains(where: type.contains) { return .text }
        if type.contains("BLOB") { return .bytes }
        return ["REAL", "FLOA", "DOUB"].contains(where: type.contains) ? .float8 : .text
    }
}
