import SQLite
import TallyModel

/// Tally's own tables in a source file.
///
/// `_tally_log` holds the captured rows of all tables, numbered in commit order without gaps. Its value columns declare
/// no type, so that every value keeps its exact storage class; there are as many as the widest table needs.
enum CaptureTables {
    /// Value columns that the log has from the start: what a record of a change of structure takes.
    static let leastWidth = 3
    /// SQLite's limit on columns, less those that are not values.
    static let greatestWidth = 1990
    /// How many rows the log may have to be written again for more columns.
    private static let mostRewritten: Int64 = 10_000

    static func exist(in connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM sqlite_schema WHERE name = '_tally_log'") != nil
    }

    /// Makes what is missing. A new log begins with a row that no change made: positions need one to point at.
    static func create(in connection: Connection) throws {
        guard try !exist(in: connection) else { return }
        try connection.execute(
            """
            \(log(width: leastWidth));
            CREATE TABLE _tally_shape(
                id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
                next_slot INTEGER NOT NULL, schema TEXT NOT NULL, unique_indexes TEXT NOT NULL);
            CREATE TABLE _tally_flow(
                flow TEXT PRIMARY KEY, target_id TEXT NOT NULL, target_label TEXT NOT NULL, tables TEXT NOT NULL,
                acknowledged INTEGER NOT NULL, registered_at TEXT NOT NULL, seen_at TEXT NOT NULL);
            CREATE TABLE _tally_state(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
            INSERT INTO _tally_log(kind, at, c0) VALUES (\(LogKind.anchor), julianday('now'), randomblob(16));
            """
        )
    }

    private static func log(width: Int) -> String {
        "CREATE TABLE main._tally_log(seq INTEGER PRIMARY KEY, kind, at\(valueColumns(width)))"
    }

    private static func valueColumns(_ width: Int) -> String { (0..<width).map { ", c\($0)" }.joined() }

    static func width(in connection: Connection) throws -> Int {
        // Compiled each time: a kept statement would not see columns that were added since.
        try connection.prepare("SELECT * FROM _tally_log").columnCount - 3
    }

    /// Gives the log value columns for `slots` slots.
    static func widen(to slots: Int, for table: TableName, in connection: Connection) throws {
        guard slots <= greatestWidth else {
            throw StoreError(
                .unsupported,
                "the table has had more than \(greatestWidth) columns, too many to capture; leave it out",
                table: table
            )
        }
        let width = try width(in: connection)
        guard slots > width else { return }
        // Each column that is added has SQLite read the file's whole schema again: two thousand of them beside five
        // hundred tables kept the source's writers waiting for half a minute.
        if slots - width > 8, try isShort(in: connection) { return try rewrite(from: width, to: slots, in: connection) }
        for slot in width..<slots { try connection.execute("ALTER TABLE _tally_log ADD COLUMN c\(slot)") }
    }

    private static func isShort(in connection: Connection) throws -> Bool {
        let row = try connection.first("SELECT (SELECT min(seq) FROM _tally_log), (SELECT max(seq) FROM _tally_log)")
        guard let row, case .integer(let first) = row[0], case .integer(let last) = row[1] else { return false }
        return last - first < mostRewritten
    }

    /// Makes the log anew with more columns, and puts its rows back under their numbers.
    private static func rewrite(from width: Int, to slots: Int, in connection: Connection) throws {
        try connection.execute(
            """
            CREATE TEMP TABLE _tally_kept AS SELECT * FROM main._tally_log;
            DROP TABLE main._tally_log;
            \(log(width: slots));
            INSERT INTO main._tally_log(seq, kind, at\(valueColumns(width))) SELECT * FROM temp._tally_kept;
            DROP TABLE temp._tally_kept;
            """
        )
    }

    /// Drops all of them, and the file's identity where nothing else needs it.
    static func drop(in connection: Connection) throws {
        for table in ["_tally_log", "_tally_shape", "_tally_flow", "_tally_state"] {
            try connection.execute("DROP TABLE IF EXISTS \(table)")
        }
        try StoreIdentity.dropIfUnused(in: connection)
    }

    // MARK: Signatures

    /// Logs that the open transaction is a group's own: at its beginning without, at its end with the place in the
    /// group's ledger that it brings the file to.
    static func sign(_ group: String, _ place: Position?, in connection: Connection) throws {
        try connection.run(
            "INSERT INTO _tally_log(kind, at, c0, c1, c2) VALUES (\(LogKind.signature), julianday('now'), ?, ?, ?)",
            .text(group),
            place.map { .integer(Int64(clamping: $0.order)) } ?? .null,
            place.map { .text($0.detail) } ?? .null
        )
    }

    // MARK: State

    /// The file's schema version as of the last look at its tables; `nil` before the first.
    static func handledSchemaVersion(in connection: Connection) throws -> Int64? {
        guard
            case .integer(let version)? = try connection.first(
                "SELECT value FROM _tally_state WHERE key = 'schema_version'"
            )?.first
        else { return nil }
        return version
    }

    static func setHandledSchemaVersion(in connection: Connection) throws {
        let version = Value.integer(try schemaVersion(in: connection))
        try connection.run("INSERT OR REPLACE INTO _tally_state(key, value) VALUES ('schema_version', ?)", version)
    }

    /// SQLite's own counter of changes of structure.
    static func schemaVersion(in connection: Connection) throws -> Int64 {
        guard case .integer(let version)? = try connection.first("PRAGMA schema_version")?.first else { return 0 }
        return version
    }
}
