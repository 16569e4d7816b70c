private import CSQLite
import TallyModel

/// SQLite's own handle of an open file, shared by a ``Connection`` and its statements; the file is closed when the last of them goes.
///
/// Statements hold this and not the connection, which keeps some of them: a connection that nobody closed would keep itself otherwise.
final class DatabaseHandle {
    let path: String
    let pointer: OpaquePointer
    let log = LogLength()

    init(_ pointer: OpaquePointer, path: String) {
        self.pointer = pointer
        self.path = path
    }

    deinit {
        // close_v2 keeps the handle alive until the last statement is finalized, so that order does not matter.
        sqlite3_close_v2(pointer)
    }

    func storeError(_ code: Int32, while action: String) -> StoreError {
        StoreError(lastError(code), path: path, while: action)
    }

    /// The result code with the message that SQLite has for it; only right after the call that returned the code.
    func lastError(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(pointer)))
    }

    final class LogLength {
        var pages = 0
    }
}
