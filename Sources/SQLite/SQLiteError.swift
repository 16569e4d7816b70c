package import TallyModel
private import CSQLite

/// An error that SQLite returned: its extended result code and its message.
package struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code (https://www.sqlite.org/rescode.html).
    package let code: Int32
    package let message: String

    package var description: String { "\(message) (SQLite result code \(code))" }

    /// The code without its extension.
    package var primary: Int32 { code & 0xff }

    package var isConstraint: Bool { primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH || isTooLarge }
    /// Whether a row with the same key, or the same values of a unique constraint, is there already.
    package var isDuplicate: Bool {
        // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE and _ROWID: Swift does not import constants that C computes.
        [6, 8, 10].contains { code == SQLITE_CONSTRAINT | $0 << 8 }
    }
    package var isBusy: Bool { primary == SQLITE_BUSY || primary == SQLITE_LOCKED }
    package var isInterrupt: Bool { primary == SQLITE_INTERRUPT }
    private var isTooLarge: Bool { primary == SQLITE_TOOBIG }

    /// Whether a result says that a process has died while it wrote the file, and that only whoever may write it can read it now:
    /// `SQLITE_READONLY_RECOVERY`, `_ROLLBACK` and `_CANTINIT`.
    static func asksForRecovery(_ code: Int32) -> Bool {
        [1, 3, 5].contains { code == SQLITE_READONLY | $0 << 8 }
    }
}

extension StoreError {
    /// The one place where SQLite's result codes become Tally's.
    package init(_ error: SQLiteError, path: String, while action: String) {
        let (code, remedy): (StoreError.Code, String) =
            switch error.primary {
            case SQLITE_BUSY, SQLITE_LOCKED:
                (.busy, "another process holds a lock on the file; Tally tries again")
            case SQLITE_FULL: (.outOfSpace, "the disk is full; make room, and Tally goes on by itself")
            case SQLITE_READONLY where SQLiteError.asksForRecovery(error.code):
                (
                    .readOnly,
                    "a process died while it wrote the file, and Tally may not write it to put that right; check owner and "
                        + "permissions"
                )
            case SQLITE_READONLY: (.readOnly, "the file or its folder cannot be written; check owner and permissions")
            case SQLITE_PERM, SQLITE_AUTH: (.denied, "check the file's owner and permissions")
            case SQLITE_CANTOPEN:
                (
                    .unreachable,
                    "the file or its folder is not there or cannot be opened; check the path and permissions"
                )
            case SQLITE_IOERR: (.unreachable, "the disk gave an error; check the disk, and Tally tries again")
            case SQLITE_CORRUPT, SQLITE_NOTADB:
                (.damaged, "the file is damaged or no SQLite database; restore it from a backup")
            case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG: (.rejected, "")
            default: (.unknown, "")
            }
        let hint = remedy.isEmpty ? "" : "; \(remedy)"
        self.init(code, "\(path): could not \(action): \(error.message)\(hint)", cause: error)
    }
}
