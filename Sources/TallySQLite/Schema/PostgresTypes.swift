import TallyModel

/// How a column of PostgreSQL is declared in a file: so that its values come back as they were, and so that a
/// PostgreSQL target of the file takes them as the type they had. The table is in docs/postgres.md.
enum PostgresTypes {
    /// - Parameter declared: As `format_type` writes it; empty for a column that a transform computes.
    static func sqliteType(of declared: String) -> String {
        if declared.hasSuffix("[]") { return "JSON TEXT" }
        // `numeric(12,2)`, `timestamp(3) with time zone`
        let words = declared.split(separator: "(", maxSplits: 1)
        let rest = words.count > 1 ? words[1].drop { $0 != ")" }.dropFirst() : ""
        let base = (words.first ?? "") + rest
        if let type = types[String(base)] { return type }
        // An enum, a domain, a type of an extension: no type at all, so that every value stays as it is.
        return declared.contains(".") || declared.isEmpty ? "" : "TEXT"
    }

    /// Whether keys of the column are in one order here and there, so that ranges of keys mean the same rows.
    static func isOrderedAlike(_ column: Column) -> Bool {
        switch sqliteType(of: column.declaredType) {
        case "INTEGER", "BOOLEAN", "BLOB", "DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "UUID", "REAL": true
        case "TEXT": isText(column.declaredType) && ["\"C\"", "\"POSIX\"", "ucs_basic"].contains(column.collation)
        default: false
        }
    }

    private static func isText(_ declared: String) -> Bool {
        declared == "text" || declared.hasPrefix("character varying")
    }

    /// Affinities matter: NUMERIC makes 12.5 of the text 12.50, so what has digits to lose contains the word TEXT.
    private static let types: [String: String] = [
        "smallint": "INTEGER", "integer": "INTEGER", "bigint": "INTEGER", "boolean": "BOOLEAN",
        "real": "REAL", "double precision": "REAL", "numeric": "DECIMAL TEXT", "bytea": "BLOB", "uuid": "UUID",
        "date": "DATE", "time without time zone": "TIME", "timestamp without time zone": "TIMESTAMP",
        "timestamp with time zone": "TIMESTAMPTZ", "json": "JSON TEXT", "jsonb": "JSONB TEXT",
        "interval": "INTERVAL TEXT",
    ]
}
