import CSQLite

/// A plain connection to an SQLite file, as any program would hold it. Used by one thread at a time.
final class Database {
    let handle: OpaquePointer
    private let path: String

    /// Opens the file, in WAL mode with `synchronous = NORMAL`: how Tally's target is written.
    init(path: String) throws {
        var opened: OpaquePointer?
        guard sqlite3_open(path, &opened) == SQLITE_OK, let opened else {
            throw BenchmarkError("\(path): cannot be opened")
        }
        handle = opened
        self.path = path
        sqlite3_busy_timeout(handle, 10_000)
        try execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    }

    deinit {
        sqlite3_close_v2(handle)
    }

    func execute(_ script: String) throws {
        guard sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    func prepare(_ sql: String) throws -> PreparedStatement {
        var compiled: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &compiled, nil) == SQLITE_OK, let compiled else { throw failure }
        return PreparedStatement(compiled, database: self)
    }

    /// The first value of the first row; 0 where there is none.
    func integer(_ sql: String) throws -> Int {
        let statement = try prepare(sql)
        return try statement.integer() ?? 0
    }

    /// Calls `body` with each of the numbers below `count`, in transactions of `size`.
    func transactions(of size: Int, count: Int, _ body: (Int) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: size) {
            try execute("BEGIN IMMEDIATE")
            for number in start..<min(start + size, count) { try body(number) }
            try execute("COMMIT")
        }
    }

    var failure: BenchmarkError {
        BenchmarkError("\(path): \(String(cString: sqlite3_errmsg(handle)))")
    }
}

/// One compiled statement of a ``Database``.
final class PreparedStatement {
    private let handle: OpaquePointer
    /// Keeps the connection open for as long as the statement lives.
    private let database: Database

    fileprivate init(_ handle: OpaquePointer, database: Database) {
        self.handle = handle
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    func bind(_ integer: Int, at index: Int32) {
        sqlite3_bind_int64(handle, index, Int64(integer))
    }

    func bind(_ real: Double, at index: Int32) {
        sqlite3_bind_double(handle, index, real)
    }

    /// Binds text that SQLite copies, as it does for programs in nearly every language.
    func bind(_ text: UnsafeBufferPointer<CChar>, at index: Int32) {
        sqlite3_bind_text(handle, index, text.baseAddress, Int32(text.count), benchmarks_transient)
    }

    /// Runs a statement that gives no rows.
    func run() throws {
        defer { sqlite3_reset(handle) }
        guard sqlite3_step(handle) == SQLITE_DONE else { throw database.failure }
    }

    /// Runs a query for its first value; `nil` where it is null or there is no row.
    func integer() throws -> Int? {
        defer { sqlite3_reset(handle) }
        switch sqlite3_step(handle) {
        case SQLITE_ROW where sqlite3_column_type(handle, 0) != SQLITE_NULL: return Int(sqlite3_column_int64(handle, 0))
        case SQLITE_ROW, SQLITE_DONE: return nil
        default: throw database.failure
        }
    }
}
