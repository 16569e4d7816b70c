import SQLite
import TallyModel

/// Makes and changes one table of a target, inside the caller's transaction.
struct TableStructure {
    private let table: TableName
    private let connection: Connection

    init(of table: TableName, in connection: Connection) {
        self.table = table
        self.connection = connection
    }

    // MARK: Tables

    func create(_ schema: TableSchema) throws {
        let taken = try connection.first(
            "SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE",
            .text(table.sqliteName)
        )
        if let type = taken?.first?.text {
            throw incompatible("\(connection.path) already has a \(type) named \(table.sqliteName); rename or drop it")
        }
        try run(TableDefinition.sql(for: schema), "create the table")
    }

    /// Takes a step; one that was taken already, by Tally or by the user, is passed over.
    func alter(_ step: TableAlteration) throws {
        guard let existing = try Catalog.table(table.sqliteName, in: connection) else {
            throw StoreError(.missingTable, "\(connection.path) has no table \(table.sqliteName)", table: table)
        }
        switch step {
        case .add(let column, let definition):
            guard existing.column(folding: column.name) == nil else { return }
            try add(column, kind: definition?.kind)
        // A column of SQLite takes values of every type.
        case .retype: break
        case .rename(let old, let new):
            if existing.column(folding: old) == nil, existing.column(folding: new) != nil { return }
            try run(
                "ALTER TABLE \(quoted(table.sqliteName)) RENAME COLUMN \(quoted(old)) TO \(quoted(new))",
                "rename column \(old)"
            )
        case .drop(let column):
            guard existing.column(folding: column) != nil else { return }
            try dropIndexes(on: column)
            try run("ALTER TABLE \(quoted(table.sqliteName)) DROP COLUMN \(quoted(column))", "drop column \(column)")
        }
    }

    /// SQLite adds a column to rows that are there only with a constant default, and NOT NULL only with one that is not
    /// NULL. A generated column comes as an ordinary one: how to compute it is not known, and its values come with the
    /// rows.
    private func add(_ column: Column, kind: String?) throws {
        var column = column
        if kind != "sqlite" { column.defaultExpression = nil }
        if let expression = column.defaultExpression, !Self.isConstant(expression) { column.defaultExpression = nil }
        if column.defaultExpression.map({ $0.uppercased() == "NULL" }) ?? true { column.isNullable = true }
        let isStrict =
            try connection.first(
                "SELECT strict FROM pragma_table_list WHERE schema = 'main' AND name = ? COLLATE NOCASE",
                .text(table.sqliteName)
            )?.first == .integer(1)
        let definition = GeneratedDefinition.sql(of: column, kind: kind, isStrict: isStrict)
        try run("ALTER TABLE \(quoted(table.sqliteName)) ADD COLUMN \(definition)", "add column \(column.name)")
    }

    /// Whether the default is a literal, so that SQLite can give it to rows that are there.
    private static func isConstant(_ expression: String) -> Bool {
        var tokens = SQLTokenizer.tokens(of: expression)
        if let first = tokens.first, first.isSymbol("-") || first.isSymbol("+") { tokens.removeFirst() }
        guard tokens.count == 1, let token = tokens.first else { return false }
        switch token.kind {
        case .string, .number, .quotedName: return true
        case .word: return ["NULL", "TRUE", "FALSE"].contains(token.text.uppercased())
        case .symbol: return false
        }
    }

    // MARK: Indexes

    static let rowIDIndex = "_tally_rowid_"

    /// Sees to it that `VACUUM` does not give the rows of a table without a key new rowids, as it does where the table
    /// has no index (`xferOptimization` in SQLite's `insert.c`). An index of no rows will do.
    func keepRowIDs() throws {
        guard try connection.first("SELECT 1 FROM pragma_index_list(?)", .text(table.sqliteName)) == nil,
            let column = try connection.first("SELECT name FROM pragma_table_info(?)", .text(table.sqliteName))?.first?
                .text
        else { return }
        let name = Self.rowIDIndex + table.sqliteName
        let place = "\(quoted(table.sqliteName))(\(quoted(column)))"
        try run("CREATE INDEX IF NOT EXISTS \(quoted(name)) ON \(place) WHERE 0", "make index \(name)")
    }

    /// Drops what ``keepRowIDs()`` made, in all tables.
    static func releaseRowIDs(in connection: Connection) throws {
        let rows = try connection.all(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND substr(name, 1, ?) = ?",
            .integer(Int64(rowIDIndex.count)),
            .text(rowIDIndex)
        )
        for name in rows.compactMap(\.first?.text) { try connection.execute("DROP INDEX \(quoted(name))") }
    }

    /// Whether there is anything for ``makeIndexes(of:)`` to make.
    static func hasIndexes(_ schema: TableSchema) -> Bool {
        schema.definition.map { $0.kind == "sqlite" && !$0.afterLoad.isEmpty } ?? false
    }

    /// Makes the indexes that the schema's own store has, where they are not there yet.
    func makeIndexes(of schema: TableSchema) throws {
        guard let definition = schema.definition, definition.kind == "sqlite" else { return }
        for sql in definition.afterLoad {
            guard let index = IndexDefinition(sql) else {
                throw incompatible("an index of the source cannot be read, and so not be made in the target")
            }
            var rewrite = ColumnRewriting(from: index.table, to: schema)
            if let table = TableDefinition(definition.table) {
                for column in table.columns where schema.column(folding: rewrite.newName(of: column.name)) == nil {
                    rewrite.remove(column.name)
                }
            }
            guard let name = try freeName(for: index.name), let statement = index.sql(named: name, rewriting: rewrite)
            else { continue }
            try run(statement, "make index \(name)")
        }
    }

    /// A name for the index that nothing else in the file has.
    ///
    /// - Returns: `nil` when the table has the index.
    private func freeName(for index: String) throws -> String? {
        var candidates = [index, "\(table.sqliteName)_\(index)"]
        for number in 2...1000 { candidates.append("\(table.sqliteName)_\(index)_\(number)") }
        for candidate in candidates {
            let taken = try connection.first(
                "SELECT type, tbl_name FROM sqlite_schema WHERE name = ? COLLATE NOCASE",
                .text(candidate)
            )
            guard let taken else { return candidate }
            let isOwn = taken[0].text == "index" && taken[1].text?.asciiFolded == table.sqliteName.asciiFolded
            if isOwn { return nil }
        }
        throw incompatible("no name is free in the target for the index \(index)")
    }

    /// A column cannot be dropped while an index needs it; in the source it went before.
    private func dropIndexes(on column: String) throws {
        let rows = try connection.all(
            """
            SELECT name, sql FROM sqlite_schema
            WHERE type = 'index' AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL
            """,
            .text(table.sqliteName)
        )
        for row in rows {
            guard let name = row[0].text, let index = row[1].text.flatMap(IndexDefinition.init) else { continue }
            let tokens = index.terms.flatMap { $0 } + (index.condition ?? [])
            guard ColumnRewriting.mentions([column.asciiFolded], in: tokens) else { continue }
            try run("DROP INDEX \(quoted(name))", "drop index \(name)")
        }
    }

    // MARK: Errors

    /// Runs a statement; what SQLite refuses concerns this table alone.
    private func run(_ sql: String, _ action: String) throws {
        do {
            try connection.execute(sql)
        } catch let error as StoreError where error.code == .unknown || error.code == .rejected {
            let reason = (error.cause as? SQLiteError)?.message ?? error.message
            throw incompatible("\(connection.path): could not \(action): \(reason); make the change by hand", error)
        }
    }

    private func incompatible(_ message: String, _ cause: (any Error)? = nil) -> StoreError {
        StoreError(.incompatibleSchema, message, table: table, cause: cause)
    }
}
