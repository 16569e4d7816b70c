private import CSQLite
package import TallyModel

/// One connection to one SQLite file.
///
/// Belongs to one isolation domain at a time: an actor on a ``DatabaseThread``, or a test. Statements made here must
/// not outlive it. Errors are ``StoreError`` with an ``SQLiteError`` as cause.
package final class Connection {
    package enum Access {
        case readOnly
        case readWrite
        /// Read and write; makes the file if it is not there.
        case create
    }

    /// Done once, before the process opens its first connection: SQLite counts its memory under one lock for all threads,
    /// which nobody here reads and which is a tenth of the cost of a row.
    private static let libraryIsConfigured: Void = tally_sqlite_skip_statistics()

    package var path: String { database.path }
    private let database: DatabaseHandle
    private var cache: [String: Statement] = [:]

    private var handle: OpaquePointer { database.pointer }

    /// Opens the file at `path`, or a database in memory for `:memory:`.
    ///
    /// - Parameter busyTimeout: How long a statement waits for a lock that another process holds.
    package init(path: String, access: Access, busyTimeout: Duration = .seconds(5)) throws {
        let flags =
            switch access {
            case .readOnly: SQLITE_OPEN_READONLY
            case .readWrite: SQLITE_OPEN_READWRITE
            case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            }
        _ = Self.libraryIsConfigured
        var opened: OpaquePointer?
        let result = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard let opened, result == SQLITE_OK else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw StoreError(SQLiteError(code: result, message: message), path: path, while: "open the file")
        }
        database = DatabaseHandle(opened, path: path)
        if access == .readOnly { Self.recover(opened, path, busyTimeout) }
        let milliseconds =
            busyTimeout.components.seconds * 1000 + busyTimeout.components.attoseconds / 1_000_000_000_000_000
        sqlite3_busy_timeout(handle, Int32(clamping: milliseconds))
    }

    /// Has what a process that died has left half done in the file undone or done, which whoever only reads cannot do
    /// (https://www.sqlite.org/rescode.html#readonly_rollback).
    private static func recover(_ handle: OpaquePointer, _ path: String, _ busyTimeout: Duration) {
        let look = "SELECT 1 FROM sqlite_schema LIMIT 1"
        guard SQLiteError.asksForRecovery(sqlite3_exec(handle, look, nil, nil, nil)) else { return }
        // Where this may not write the file either, the reader's own first statement says what is wrong.
        try? Connection(path: path, access: .readWrite, busyTimeout: busyTimeout).execute(look)
    }

    /// Lets go of the statements kept by ``cached(_:)``; the file is closed when the last reference to the connection and to
    /// its statements goes. Whoever owns a connection calls this when done with it.
    package func close() {
        cache.removeAll()
    }

    // MARK: Statements

    /// Compiles one statement. The caller keeps it.
    package func prepare(_ sql: String) throws -> Statement {
        try Statement(sql, of: database)
    }

    /// A statement compiled once per connection and kept, reset and ready to be bound.
    ///
    /// Its two users must not overlap: finish with the rows before asking for the same text again.
    package func cached(_ sql: String) throws -> Statement {
        if let statement = cache[sql] {
            statement.reset()
            return statement
        }
        if cache.count >= 256 { cache.removeAll() }
        let statement = try prepare(sql)
        cache[sql] = statement
        return statement
    }

    /// Runs every statement of a script that returns no rows of interest.
    package func execute(_ script: String) throws {
        let result = sqlite3_exec(handle, script, nil, nil, nil)
        if result != SQLITE_OK { throw storeError(result, while: Self.gist(of: script)) }
    }

    /// Runs one statement with values, from first to last row.
    package func run(_ sql: String, _ values: Value...) throws {
        let statement = try cached(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
    }

    /// The first row of a query, or `nil`.
    package func first(_ sql: String, _ values: Value...) throws -> [Value]? {
        let statement = try cached(sql)
        defer { statement.reset() }
        try statement.bind(values)
        return try statement.step() ? statement.values() : nil
    }

    /// All rows of a query.
    package func all(_ sql: String, _ values: Value...) throws -> [[Value]] {
        let statement = try cached(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var rows: [[Value]] = []
        while try statement.step() { rows.append(statement.values()) }
        return rows
    }

    /// The names of the columns that a query of one table reads, found by compiling it.
    package func columnsRead(by query: String) throws -> Set<String> {
        let collector = ColumnCollector()
        sqlite3_set_authorizer(
            handle,
            { context, action, _, column, _, _ in
                // SQLite also reports a read of "" for a table of which no column is read.
                if action == SQLITE_READ, let column, column.pointee != 0 {
                    let collector = Unmanaged<ColumnCollector>.fromOpaque(context!).takeUnretainedValue()
                    collector.names.insert(String(cString: column))
                }
                return SQLITE_OK
            },
            Unmanaged.passUnretained(collector).toOpaque()
        )
        defer { sqlite3_set_authorizer(handle, nil, nil) }
        return try withExtendedLifetime(collector) {
            _ = try prepare(query)
            return collector.names
        }
    }

    // MARK: Transactions

    package enum TransactionKind: String {
        case deferred = "BEGIN"
        /// Takes the write lock at once.
        case immediate = "BEGIN IMMEDIATE"
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    package func transaction<Result>(
        _ kind: TransactionKind = .immediate,
        _ body: () throws -> Result
    ) throws -> Result {
        try execute(kind.rawValue)
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            rollback()
            throw error
        }
    }

    /// Rolls back what is open; does nothing where nothing is.
    package func rollback() {
        guard isInTransaction else { return }
        // A rollback can only fail where SQLite has already rolled back by itself, and then there is nothing to do.
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    // MARK: State

    /// Rows that the last statement inserted, updated or deleted, triggers not counted.
    package var changes: Int { Int(sqlite3_changes64(handle)) }

    package var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }

    /// The collation that a column of a table in `main` declares: `BINARY` where it declares none.
    package func collation(ofColumn column: String, in table: String) throws -> String {
        var collation: UnsafePointer<CChar>?
        let result = sqlite3_table_column_metadata(handle, "main", table, column, nil, &collation, nil, nil, nil)
        if result != SQLITE_OK { throw storeError(result, while: "read the collation of \(table).\(column)") }
        return collation.map { String(cString: $0) } ?? "BINARY"
    }

    /// Whether triggers fire for what this connection writes. They do at first.
    package func setTriggersEnabled(_ isEnabled: Bool) throws {
        let result = tally_sqlite_enable_triggers(handle, isEnabled ? 1 : 0)
        if result != SQLITE_OK { throw storeError(result, while: "switch triggers") }
    }

    /// Makes double-quoted names that name nothing an error, as they should be, and not text.
    package func setStrictQuoting() throws {
        let result = tally_sqlite_strict_quoting(handle)
        if result != SQLITE_OK { throw storeError(result, while: "set quoting") }
    }

    /// Ends a running statement early, with an interrupt error. May be called from any thread while the connection is
    /// open; the caller sees to that.
    package func interrupt() { sqlite3_interrupt(handle) }

    // MARK: The write-ahead log

    /// Leaves it to the caller when the write-ahead log is copied into the database; SQLite would do it in the commit
    /// that makes the log long, and keep that commit waiting.
    package func takeOverCheckpoints() {
        // The log's length lives as long as the handle, and the hook runs only while that is in use.
        _ = sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                Unmanaged<DatabaseHandle.LogLength>.fromOpaque(context!).takeUnretainedValue().pages = Int(pages)
                return SQLITE_OK
            },
            Unmanaged.passUnretained(database.log).toOpaque()
        )
    }

    /// Pages in the write-ahead log as of this connection's last commit, after ``takeOverCheckpoints()``.
    package var logPages: Int { database.log.pages }

    /// Copies what it can of the write-ahead log into the database, waiting for nobody. Not in a transaction.
    package func checkpoint() {
        // What cannot be copied now stays in the log, where it is as safe, and comes with the next time.
        sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        database.log.pages = 0
    }

    // MARK: Functions

    /// Registers a deterministic function of one or more arguments.
    ///
    /// - Parameters:
    ///   - name: Its name in SQL.
    ///   - arguments: How many arguments it takes; -1 for any number.
    package func register(
        _ name: String,
        arguments: Int,
        _ body: @escaping ([Value]) throws -> Value
    ) throws {
        let box = Unmanaged.passRetained(FunctionBox(body))
        let result = sqlite3_create_function_v2(
            handle,
            name,
            Int32(arguments),
            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
            box.toOpaque(),
            { context, count, values in
                let function = Unmanaged<FunctionBox>.fromOpaque(sqlite3_user_data(context)).takeUnretainedValue()
                do {
                    let arguments = (0..<Int(count)).map { Statement.value(of: values![$0]!) }
                    Statement.setResult(try function.body(arguments), in: context)
                } catch {
                    sqlite3_result_error(context, "\(error)", -1)
                }
            },
            nil,
            nil,
            { Unmanaged<FunctionBox>.fromOpaque($0!).release() }
        )
        if result != SQLITE_OK { throw storeError(result, while: "register \(name)()") }
    }

    private func storeError(_ code: Int32, while action: String) -> StoreError {
        database.storeError(code, while: action)
    }

    /// The beginning of a statement, enough to recognise it in an error. Statements never hold row values.
    static func gist(of sql: String) -> String {
        let line = sql.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return "run «\(line.count > 80 ? line.prefix(79) + "…" : line[...])»"
    }
}

private final class FunctionBox {
    let body: ([Value]) throws -> Value

    init(_ body: @escaping ([Value]) throws -> Value) {
        self.body = body
    }
}

private final class ColumnCollector {
    var names: Set<String> = []
}

/// A name as SQL writes it: in double quotes, whatever it contains.
package func quoted(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
}

/// A text as SQL writes it: in single quotes, whatever it contains.
package func literal(_ text: String) -> String {
    "'" + text.replacing("'", with: "''") + "'"
}
