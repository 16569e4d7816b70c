import TallyModel

/// The column types that Tally chooses where a table does not come from PostgreSQL. The table is in docs/postgres.md.
enum PostgresType {
    /// For a column whose values an expression of the flow computes: whatever that gives, a text can hold it.
    static func ofComputed(_ column: Column) -> String {
        column.declaredType.isEmpty ? "text" : column.declaredType
    }

    /// - Parameter kind: The kind of store whose words the column's declared type is in; `nil` where it is not known.
    static func of(_ column: Column, kind: String?) -> String {
        if kind == TableBlueprint.kind { return ofComputed(column) }
        if column.isHidden { return "bigint" }
        let words = column.declaredType.uppercased().split { $0 == " " || $0 == "(" || $0 == ")" || $0 == "," }
            .map(String.init)
        guard let first = words.first else { return "text" }
        if let type = byWords[words.joined(separator: " ")] ?? byWords[first] { return type }
        // SQLite keeps values as what they are, whatever the type says; these rules are its own
        // (https://www.sqlite.org/datatype3.html, section 3.1).
        let declared = column.declaredType.uppercased()
        for (part, type) in byPart where declared.contains(part) { return type }
        return "text"
    }

    /// Lengths and precisions are left out, because SQLite does not heed them: a target that did would refuse rows or
    /// round them.
    private static let byWords: [String: String] = [
        "BOOL": "boolean", "BOOLEAN": "boolean", "UUID": "uuid", "JSON": "json", "JSONB": "jsonb",
        "DATE": "date", "TIME": "time", "DATETIME": "timestamp", "TIMESTAMP": "timestamp",
        "TIMESTAMPTZ": "timestamptz", "TIMESTAMP WITH TIME ZONE": "timestamptz", "INTERVAL": "interval",
        "DECIMAL": "numeric", "NUMERIC": "numeric", "NUMBER": "numeric", "BYTEA": "bytea",
    ]

    private static let byPart: [(String, String)] = [
        ("INT", "bigint"), ("CHAR", "text"), ("CLOB", "text"), ("TEXT", "text"), ("BLOB", "bytea"),
        ("REAL", "double precision"), ("FLOA", "double precision"), ("DOUB", "double precision"),
    ]
}
