import SQLite
public import TallyModel

/// Rows that need not fit into memory, in the order in which they are given, in a file beside a group's ledger.
///
/// Belongs to one isolation domain at a time, as its connection does.
public final class RowSpool {
    private let path: String
    private let connection: Connection
    private let insert: Statement

    /// Makes the file.
    ///
    /// - Parameter name: Of one spool at a time.
    public init(named name: String, besideLedgerAt ledger: String) throws {
        path = ScratchFile.path(name, of: ledger)
        connection = try ScratchFile.make(at: path, "CREATE TABLE spooled (id INTEGER PRIMARY KEY, row BLOB NOT NULL);")
        insert = try connection.prepare("INSERT INTO spooled (row) VALUES (?)")
    }

    public func append(_ row: Row) throws {
        defer { insert.reset() }
        try insert.bind(.bytes(RowCoding.encode(row)), at: 1)
        _ = try insert.step()
    }

    /// Removes the files of all spools whose names begin so, ended or not.
    public static func removeAll(named prefix: String, besideLedgerAt ledger: String) {
        // A file that stays is removed with the next opening of the ledger.
        try? ScratchFile.removeAll(of: ledger, named: prefix)
    }

    /// Ends the writing. Nothing is appended after it.
    public func finished() throws -> SpooledRows {
        try connection.execute("COMMIT")
        connection.close()
        return SpooledRows(path: path)
    }
}

/// The rows of a ``RowSpool``, for whoever reads them.
public struct SpooledRows: Sendable {
    fileprivate let path: String

    /// Opens the file for reading from its beginning.
    public func reader() throws -> Reader { try Reader(path) }

    /// Removes the file.
    public func remove() {
        // A file that stays is removed with the next opening of the ledger.
        try? LedgerFile.remove(path)
    }

    /// Belongs to one isolation domain at a time, as its connection does.
    public final class Reader {
        private let statement: Statement
        /// SQLite would begin again.
        private var isAtEnd = false

        fileprivate init(_ path: String) throws {
            statement = try Connection(path: path, access: .readOnly).prepare("SELECT row FROM spooled ORDER BY id")
        }

        /// The next rows, `limit` of them at most; none at the end.
        public func next(_ limit: Int) throws -> [Row] {
            var rows: [Row] = []
            while rows.count < limit, !isAtEnd {
                isAtEnd = try !statement.step()
                if !isAtEnd { rows.append(try RowCoding.decode(statement.value(at: 0).blob ?? [])) }
            }
            return rows
        }
    }
}
