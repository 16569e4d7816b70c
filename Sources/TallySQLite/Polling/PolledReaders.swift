import SQLite
import TallyModel

/// The flows that poll a file, kept in it so that removing the last of them leaves nothing behind.
enum PolledReaders {
    static func contains(_ flow: String, in connection: Connection) throws -> Bool {
        guard try connection.hasTable("_tally_reader") else { return false }
        return try connection.first("SELECT 1 FROM _tally_reader WHERE flow = ?", .text(flow)) != nil
    }

    static func add(_ flow: String, in connection: Connection) throws {
        try connection.execute("CREATE TABLE IF NOT EXISTS _tally_reader(flow TEXT PRIMARY KEY) WITHOUT ROWID")
        try connection.run("INSERT OR IGNORE INTO _tally_reader(flow) VALUES (?)", .text(flow))
    }

    static func remove(_ flow: String, in connection: Connection) throws {
        guard try connection.hasTable("_tally_reader") else { return }
        try connection.run("DELETE FROM _tally_reader WHERE flow = ?", .text(flow))
        guard try connection.first("SELECT 1 FROM _tally_reader LIMIT 1") == nil else { return }
        try connection.execute("DROP TABLE _tally_reader")
    }
}
