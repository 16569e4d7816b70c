import Foundation
import SQLite
import TallyModel

/// A file beside a group's ledger for what does not fit into memory. Nobody reads it after an end of any kind.
enum ScratchFile {
    private static let infix = "-scratch-"

    static func path(_ name: String, of ledger: String) -> String { ledger + infix + name }

    /// Makes the file and opens it, in a transaction that never has to be undone. What was left there goes.
    static func make(at path: String, _ tables: String) throws -> Connection {
        try LedgerFile.remove(path)
        try LedgerFile.prepare(at: path)
        let connection = try Connection(path: path, access: .readWrite)
        try connection.execute(
            """
            PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
            \(tables)
            BEGIN;
            """
        )
        return connection
    }

    /// Removes what is left beside a ledger and in nobody's use.
    ///
    /// - Parameter prefix: What the names begin with.
    static func removeAll(of ledger: String, named prefix: String = "") throws {
        let path = ledger as NSString
        let folder = path.deletingLastPathComponent.isEmpty ? "." : path.deletingLastPathComponent
        guard LedgerFile.exists(at: folder) else { return }
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix(path.lastPathComponent + infix + prefix) {
            try LedgerFile.remove((folder as NSString).appendingPathComponent(name))
        }
    }
}
