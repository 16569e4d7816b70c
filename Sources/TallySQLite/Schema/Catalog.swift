package import SQLite
package import TallyModel

/// What a SQLite file says of the tables that users made in it.
///
/// Left out are SQLite's own tables, Tally's own (`_tally_…`), views, and virtual tables with their shadow tables.
/// Names are found as SQLite finds them, whatever the case of their ASCII letters.
package enum Catalog {
    /// The tables, in the order of their names.
    package static func tables(in connection: Connection) throws -> [TableSchema] {
        try names(in: connection).compactMap { try schema(of: $0, in: connection) }
    }

    /// The table with the name it has in the file; `nil` when there is none, or none that a row can be found in.
    package static func table(_ name: String, in connection: Connection) throws -> TableSchema? {
        guard let found = try ownName(of: name, in: connection) else { return nil }
        return try schema(of: found, in: connection)
    }

    /// The tables whose rows nothing identifies: no key is declared, and columns hide the rowid under all its names.
    package static func unidentifiable(in connection: Connection) throws -> [TableName] {
        try names(in: connection).filter { try schema(of: $0, in: connection) == nil }.map { TableName($0) }
    }

    // MARK: Names

    private static let ordinary = """
        schema = 'main' AND type = 'table'
            AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_tally\\_%' ESCAPE '\\'
        """

    private static func names(in connection: Connection) throws -> [String] {
        let query = "SELECT name FROM pragma_table_list WHERE \(ordinary) ORDER BY name"
        return try connection.all(query).compactMap(\.first?.text)
    }

    private static func ownName(of name: String, in connection: Connection) throws -> String? {
        // The pragma's argument spares it a look at every table of the file.
        let query = "SELECT name FROM pragma_table_list(?1) WHERE \(ordinary) AND name = ?1 COLLATE NOCASE"
        return try connection.first(query, .text(name))?.first?.text
    }

    // MARK: One table

    private static func schema(of name: String, in connection: Connection) throws -> TableSchema? {
        var columns: [Column] = []
        var key: [(order: Int64, index: Int)] = []
        let rows = try connection.all(
            "SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid",
            .text(name)
        )
        for row in rows {
            guard case .integer(let cid) = row[0], let column = row[1].text, case .integer(let order) = row[5] else {
                throw StoreError(
                    .damaged,
                    "\(connection.path): a column's name is not valid text",
                    table: TableName(name)
                )
            }
            if order > 0 { key.append((order, columns.count)) }
            let collation = try connection.collation(ofColumn: column, in: name)
            columns.append(
                Column(
                    id: Int(cid),
                    name: column,
                    declaredType: row[2].text ?? "",
                    isNullable: row[3] != .integer(1),
                    defaultExpression: row[4].text,
                    collation: collation.uppercased() == "BINARY" ? nil : collation,
                    isGenerated: row[6] == .integer(2) || row[6] == .integer(3)
                )
            )
        }
        // The key of such a table is the rowid itself, which is never null.
        if key.count == 1, try !hasKeyIndex(name, in: connection) { columns[key[0].index].isNullable = false }
        if key.isEmpty {
            guard let hidden = rowIDName(besides: columns.map(\.name)) else { return nil }
            key = [(1, columns.count)]
            columns.append(
                Column(id: columns.count, name: hidden, declaredType: "INTEGER", isNullable: false, isHidden: true)
            )
        }
        return TableSchema(
            name: TableName(name),
            columns: columns,
            key: key.sorted { $0.order < $1.order }.map(\.index),
            definition: try definition(of: name, in: connection)
        )
    }

    /// The first of the rowid's names that no column has taken.
    static func rowIDName(besides columns: [String]) -> String? {
        let taken = Set(columns.map { $0.lowercased() })
        return ["rowid", "_rowid_", "oid"].first { !taken.contains($0) }
    }

    /// Whether an index keeps the primary key; where none does, the key is the rowid.
    static func hasKeyIndex(_ table: String, in connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'", .text(table)) != nil
    }

    private static func definition(of table: String, in connection: Connection) throws -> NativeDefinition? {
        let sql = try connection.first("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", .text(table))
        guard let text = sql?.first?.text else { return nil }
        let indexes = try connection.all(
            """
            SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL
                AND name NOT LIKE '\\_tally\\_%' ESCAPE '\\' ORDER BY rowid
            """,
            .text(table)
        )
        return NativeDefinition(kind: "sqlite", table: text, afterLoad: indexes.compactMap(\.first?.text))
    }
}

extension Value {
    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
