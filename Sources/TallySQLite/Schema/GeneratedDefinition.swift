import SQLite
import TallyModel

/// A `CREATE TABLE` statement made from the columns of a table, where no statement of SQLite's own is known.
struct GeneratedDefinition {
    private let schema: TableSchema

    init(_ schema: TableSchema) {
        self.schema = schema
    }

    var sql: String {
        let kind = schema.definition?.kind
        var items = schema.columns.filter { !$0.isHidden }.map { Self.sql(of: $0, kind: kind, isStrict: false) }
        if !schema.hasImplicitKey { items.append(Self.key(of: schema)) }
        return "CREATE TABLE \(quoted(schema.name.sqliteName)) (\n    \(items.joined(separator: ",\n    "))\n)"
    }

    static func key(of schema: TableSchema) -> String {
        "PRIMARY KEY (\(schema.keyColumns.map { quoted($0.name) }.joined(separator: ", ")))"
    }

    /// - Parameter kind: The kind of store whose words type, default and collation are in.
    static func sql(of column: Column, kind: String?, isStrict: Bool) -> String {
        let isNative = kind == "sqlite"
        var parts = [quoted(column.name), type(of: column, kind: kind, isStrict: isStrict)]
        if !column.isNullable { parts.append("NOT NULL") }
        if isNative, let expression = column.defaultExpression { parts.append("DEFAULT (\(expression))") }
        if isNative, let collation = column.collation { parts.append("COLLATE \(quoted(collation))") }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private static func type(of column: Column, kind: String?, isStrict: Bool) -> String {
        let declared = column.declaredType
        if isStrict {
            let allowed = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"]
            return allowed.contains(declared.uppercased()) ? declared : "ANY"
        }
        switch kind {
        case "sqlite": return declared
        case "postgres": return PostgresTypes.sqliteType(of: declared)
        default: return storageType(of: declared)
        }
    }

    /// The SQLite type for a type of another kind of store.
    ///
    /// Decimals, dates and all that SQLite has no storage class for become TEXT, which keeps every digit.
    private static func storageType(of declared: String) -> String {
        let type = declared.asciiFolded
        let types: [(String, [String])] = [
            ("TEXT", ["[]", "interval", "point"]),
            ("INTEGER", ["int", "serial", "bool"]),
            ("REAL", ["real", "double", "float"]),
            ("BLOB", ["blob", "bytea", "binary"]),
        ]
        if type.isEmpty { return "" }
        return types.first { $0.1.contains { type.contains($0) } }.map { $0.0 } ?? "TEXT"
    }
}
