import SQLite
import TallyModel

/// A row that a table refuses, in a table of its own with the same columns: there its values are what they would be in
/// the table, and expressions of the table's indexes can be asked of it.
struct GivenRow {
    private static let name = "_tally_given"

    private let connection: Connection
    private let mapping: TableMapping
    private let table: TableSchema

    /// Makes the temporary table, which is for the caller to undo.
    ///
    /// - Parameter table: As the target has it.
    /// - Returns: `nil` where not even a table without other rows takes the row.
    init?(_ row: Row, for writer: TableWriter, in table: TableSchema) throws {
        connection = writer.connection
        mapping = writer.mapping
        self.table = table
        try makeTable()
        guard try hold(row) else { return nil }
    }

    private func makeTable() throws {
        var own = table
        own.name = TableName(Self.name)
        let sql = TableDefinition.sql(for: own)
        try connection.execute("CREATE TEMP TABLE" + sql.dropFirst("CREATE TABLE".count))
    }

    /// Puts the row in, over what the table has under its key: values that are not written stay as they are there.
    private func hold(_ row: Row) throws -> Bool {
        let names = table.columns.filter { !$0.isGenerated && !$0.isHidden }.map { quoted($0.name) }.joined(
            separator: ", "
        )
        let sameKey = mapping.keyNames.map { "\($0) = ?" }.joined(separator: " AND ")
        let copy = try connection.prepare(
            "INSERT INTO temp.\(Self.name)(\(names)) SELECT \(names) FROM main.\(quoted(table.name.name)) WHERE \(sameKey)"
        )
        try copy.bind(mapping.key.map { row[$0] ?? .null })
        if try copy.write() != nil { return false }
        let write = try connection.prepare(connection.changes > 0 ? update : insert)
        for (place, column) in mapping.written.enumerated() { try write.bind(row[column] ?? .null, at: place + 1) }
        return try write.write() == nil
    }

    private var insert: String {
        let places = mapping.names.map { _ in "?" }.joined(separator: ", ")
        return "INSERT INTO temp.\(Self.name)(\(mapping.names.joined(separator: ", "))) VALUES (\(places))"
    }

    private var update: String {
        "UPDATE temp.\(Self.name) SET \(mapping.names.map { "\($0) = ?" }.joined(separator: ", "))"
    }

    // MARK: Obstacles

    /// The first unique constraint of the table that other rows meet in the row's values, and their keys in the order of
    /// the key of `schema`; `nil` where there is none.
    func obstacles(beside schema: TableSchema) throws -> (index: UniqueIndex, keys: [Row])? {
        for index in try constraints(beside: schema) {
            let statement = try connection.prepare(query(index))
            var keys: [Row] = []
            while try statement.step() { keys.append(Row(statement.values())) }
            if !keys.isEmpty { return (index, keys) }
        }
        return nil
    }

    /// With the primary key, where rows are known by other columns.
    private func constraints(beside schema: TableSchema) throws -> [UniqueIndex] {
        let indexes = try Catalog.uniqueIndexes(of: table.name.name, in: connection)
        let own = Set(schema.key.compactMap { table.column(folding: schema.columns[$0].name) })
        guard own != Set(table.key) else { return indexes }
        let terms = table.keyColumns.map { UniqueIndex.Term(kind: .column($0.name), collation: $0.collation) }
        return [UniqueIndex(name: "", terms: terms)] + indexes
    }

    private func query(_ index: UniqueIndex) -> String {
        // Under the table's own name, which an expression may give its columns.
        let alias = quoted(table.name.name)
        func given(_ expression: String) -> String { "(SELECT \(expression) FROM temp.\(Self.name) AS \(alias))" }
        var conditions = index.terms.map { term in
            let expression =
                switch term.kind {
                case .column(let name): quoted(name)
                case .expression(let sql): "(\(sql))"
                }
            return "\(expression) = \(given(expression)) COLLATE \(quoted(term.collation ?? "BINARY"))"
        }
        if let condition = index.condition { conditions += ["(\(condition))", given("(\(condition))")] }
        let sameKey = mapping.keyNames.map { "\($0) = \(given($0))" }.joined(separator: " AND ")
        conditions.append("NOT (\(sameKey))")
        return "SELECT \(mapping.keyNames.joined(separator: ", ")) FROM main.\(alias) AS \(alias) "
            + "WHERE \(conditions.joined(separator: " AND "))"
    }
}
