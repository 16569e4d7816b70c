import Foundation
package import SQLite
import TallyModel

/// The identity of a SQLite file as a store: made once, kept in it, and carried along by every copy of it.
package enum StoreIdentity {
    /// - Returns: `nil` when the file has none yet.
    package static func read(in connection: Connection) throws -> String? {
        guard try connection.hasTable("_tally_store") else { return nil }
        return try connection.first("SELECT id FROM _tally_store")?.first?.text
    }

    /// The file's identity, made if it has none. The caller's transaction makes it last.
    package static func ensure(in connection: Connection) throws -> String {
        if let id = try read(in: connection) { return id }
        let id = UUID().uuidString.lowercased()
        try connection.execute("CREATE TABLE IF NOT EXISTS _tally_store(id TEXT NOT NULL)")
        try connection.run("INSERT INTO _tally_store(id) VALUES (?)", .text(id))
        return id
    }

    /// Drops the identity where nothing of Tally's in the file speaks of it any longer: no captured flow, no
    /// checkpoint, no flow that polls.
    static func dropIfUnused(in connection: Connection) throws {
        let users = ["_tally_flow", "_tally_checkpoint", "_tally_reader"]
        if try users.contains(where: connection.hasTable) { return }
        try connection.execute("DROP TABLE IF EXISTS _tally_store")
    }
}

extension Connection {
    /// Whether the file has a table of exactly this name.
    func hasTable(_ name: String) throws -> Bool {
        try first("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", .text(name)) != nil
    }
}
