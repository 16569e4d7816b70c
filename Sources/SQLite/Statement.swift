private import CSQLite
package import TallyModel

/// One compiled statement of a ``Connection``.
package final class Statement {
    private let handle: OpaquePointer
    /// Keeps the file open for as long as the statement lives.
    private let database: DatabaseHandle
    package let columnCount: Int

    init(_ sql: String, of database: DatabaseHandle) throws {
        var compiled: OpaquePointer?
        let result = sqlite3_prepare_v3(database.pointer, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
        guard result == SQLITE_OK, let compiled else {
            throw database.storeError(result, while: Connection.gist(of: sql))
        }
        handle = compiled
        self.database = database
        columnCount = Int(sqlite3_column_count(compiled))
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// Advances to the next row.
    ///
    /// - Returns: Whether there is one.
    package func step() throws -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = database.storeError(code, while: Connection.gist(of: sql))
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement that returns no rows and makes it ready for the next values.
    ///
    /// - Returns: `nil` when it ran, or the constraint that it broke; the statement then changed nothing.
    /// - Throws: Every other error.
    package func write() throws -> SQLiteError? {
        let code = sqlite3_step(handle)
        if code == SQLITE_DONE {
            sqlite3_reset(handle)
            return nil
        }
        if code == SQLITE_ROW {
            sqlite3_reset(handle)
            throw StoreError(.unknown, "\(Connection.gist(of: sql)) returned a row")
        }
        let error = database.lastError(code)
        defer { sqlite3_reset(handle) }
        if error.isConstraint { return error }
        throw database.storeError(code, while: Connection.gist(of: sql))
    }

    /// Makes the statement ready to run again. Bound values stay.
    package func reset() {
        sqlite3_reset(handle)
    }

    package var sql: String { String(cString: sqlite3_sql(handle)) }

    package func columnName(at index: Int) -> String {
        String(cString: sqlite3_column_name(handle, Int32(index)))
    }

    // MARK: Values in

    package func bind(_ values: [Value]) throws {
        for (index, value) in values.enumerated() { try bind(value, at: index + 1) }
    }

    /// Binds the values at some places of a row to the parameters from 1 on.
    ///
    /// - Returns: Whether the row has all of them; if not, some may be bound.
    package func bind(_ row: [Value?], at places: [Int]) throws -> Bool {
        var parameter = 1
        for place in places {
            guard let value = row[place] else { return false }
            try bind(value, at: parameter)
            parameter += 1
        }
        return true
    }

    /// Binds a value to a parameter, numbered from 1.
    ///
    /// This and ``value(of:)`` are the mapping between Tally's values and SQLite's storage classes; `docs/sqlite.md`
    /// has it as a table.
    package func bind(_ value: Value, at index: Int) throws {
        let number = Int32(index)
        let code: Int32
        switch value {
        case .null: code = sqlite3_bind_null(handle, number)
        case .integer(let integer): code = sqlite3_bind_int64(handle, number, integer)
        case .real(let real) where !real.isNaN: code = sqlite3_bind_double(handle, number, real)
        case .text(let text): code = Self.bindText(text, handle, number)
        case .bytes(let bytes): code = Self.bindBytes(bytes, handle, number)
        case .other(let other): code = Self.bindRawText(other.bytes, handle, number)
        default: return try bind(value.scalar ?? .null, at: index)
        }
        if code != SQLITE_OK { throw database.storeError(code, while: "bind a value") }
    }

    private static func bindRawText(_ bytes: [UInt8], _ handle: OpaquePointer, _ index: Int32) -> Int32 {
        bytes.withUnsafeBytes {
            tally_sqlite_bind_text(handle, index, $0.baseAddress, Int32(clamping: $0.count))
        }
    }

    private static func bindText(_ text: String, _ handle: OpaquePointer, _ index: Int32) -> Int32 {
        let code = text.utf8.withContiguousStorageIfAvailable { buffer in
            tally_sqlite_bind_text(handle, index, UnsafeRawPointer(buffer.baseAddress), Int32(clamping: buffer.count))
        }
        if let code { return code }
        // Only text that is kept in another encoding comes here.
        return bindRawText(Array(text.utf8), handle, index)
    }

    private static func bindBytes(_ bytes: [UInt8], _ handle: OpaquePointer, _ index: Int32) -> Int32 {
        if bytes.isEmpty { return sqlite3_bind_zeroblob(handle, index, 0) }
        return bytes.withUnsafeBytes {
            sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), tally_sqlite_transient)
        }
    }

    // MARK: Values out

    /// The value in a column of the current row, numbered from 0, with its exact storage class.
    @inline(__always)
    package func value(at column: Int) -> Value {
        let index = Int32(column)
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            let start = sqlite3_column_text(handle, index)
            return Self.text(UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
        case SQLITE_BLOB:
            let start = sqlite3_column_blob(handle, index)
            return .bytes(Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))))
        default: return .null
        }
    }

    package func integer(at column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

    package func real(at column: Int) -> Double { sqlite3_column_double(handle, Int32(column)) }

    package func isNull(at column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    package func values() -> [Value] { (0..<columnCount).map { value(at: $0) } }

    static func value(of argument: OpaquePointer) -> Value {
        switch sqlite3_value_type(argument) {
        case SQLITE_INTEGER: return .integer(sqlite3_value_int64(argument))
        case SQLITE_FLOAT: return .real(sqlite3_value_double(argument))
        case SQLITE_TEXT:
            let start = sqlite3_value_text(argument)
            return text(UnsafeBufferPointer(start: start, count: Int(sqlite3_value_bytes(argument))))
        case SQLITE_BLOB:
            let start = sqlite3_value_blob(argument)
            return .bytes(Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_value_bytes(argument)))))
        default: return .null
        }
    }

    private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
        if let text = String(exactly: UnsafeRawBufferPointer(bytes)) { return .text(text) }
        return .other(OtherValue(typeName: OtherValue.malformedText, bytes: Array(bytes)))
    }

    static func setResult(_ value: Value, in context: OpaquePointer?) {
        switch value {
        case .null: sqlite3_result_null(context)
        case .integer(let integer): sqlite3_result_int64(context, integer)
        case .real(let real) where !real.isNaN: sqlite3_result_double(context, real)
        case .text(let text):
            var text = text
            text.withUTF8 { tally_sqlite_result_text(context, $0.baseAddress, Int32(clamping: $0.count)) }
        case .bytes(let bytes):
            bytes.withUnsafeBytes {
                sqlite3_result_blob64(context, $0.baseAddress, UInt64($0.count), tally_sqlite_transient)
            }
        case .other(let other):
            other.bytes.withUnsafeBytes {
                tally_sqlite_result_text(context, $0.baseAddress, Int32(clamping: $0.count))
            }
        default: setResult(value.scalar ?? .null, in: context)
        }
    }
}
