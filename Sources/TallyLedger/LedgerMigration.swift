import Foundation
import SQLite
import TallyModel

/// One step in the history of the ledger's format.
///
/// Steps are only ever appended: a ledger of any released Tally is brought to today's format by the steps it lacks.
struct LedgerMigration {
    let name: String
    let script: String

    static let all = [
        LedgerMigration(
            name: "flows",
            script: """
                CREATE TABLE node (id TEXT NOT NULL) STRICT;

                -- Structures that dead letters were captured under, as JSON; one letter's is most often another's.
                CREATE TABLE captured_schema (id INTEGER PRIMARY KEY, json TEXT NOT NULL UNIQUE) STRICT;

                -- Rows and keys as `RowCoding` writes them.
                CREATE TABLE dead_letter (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    flow TEXT NOT NULL,
                    table_schema TEXT,
                    table_name TEXT NOT NULL,
                    key BLOB NOT NULL,
                    captured_schema INTEGER NOT NULL REFERENCES captured_schema (id),
                    operation TEXT NOT NULL,
                    row BLOB NOT NULL,
                    former_key BLOB,
                    reason TEXT NOT NULL,
                    position TEXT NOT NULL,
                    first_seen INTEGER NOT NULL,
                    last_seen INTEGER NOT NULL,
                    changes INTEGER NOT NULL
                ) STRICT;
                CREATE UNIQUE INDEX dead_letter_key
                    ON dead_letter (flow, ifnull(table_schema, ''), table_name, key);
                CREATE INDEX dead_letter_captured_schema ON dead_letter (captured_schema);

                -- Without a table name: the whole flow.
                CREATE TABLE pause (
                    flow TEXT NOT NULL,
                    table_schema TEXT,
                    table_name TEXT,
                    reason TEXT,
                    since INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX pause_flow ON pause (flow);

                CREATE TABLE resync_request (
                    flow TEXT NOT NULL,
                    table_schema TEXT,
                    table_name TEXT,
                    requested_at INTEGER NOT NULL
                ) STRICT;
                CREATE INDEX resync_request_flow ON resync_request (flow);

                CREATE TABLE audit (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    at INTEGER NOT NULL,
                    action TEXT NOT NULL,
                    flow TEXT NOT NULL,
                    table_schema TEXT,
                    table_name TEXT,
                    detail TEXT
                ) STRICT;
                """
        ),
        LedgerMigration(
            name: "stops",
            script: """
                CREATE TABLE stop (flow TEXT PRIMARY KEY, code TEXT, reason TEXT NOT NULL, since INTEGER NOT NULL) STRICT;

                -- Requests are told apart, also from those that took their place.
                CREATE TABLE new_resync_request (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    flow TEXT NOT NULL,
                    table_schema TEXT,
                    table_name TEXT,
                    requested_at INTEGER NOT NULL
                ) STRICT;
                INSERT INTO new_resync_request (flow, table_schema, table_name, requested_at)
                    SELECT flow, table_schema, table_name, requested_at FROM resync_request ORDER BY rowid;
                DROP TABLE resync_request;
                ALTER TABLE new_resync_request RENAME TO resync_request;
                CREATE INDEX resync_request_flow ON resync_request (flow);
                """
        ),
    ]

    /// Refuses a damaged file, and one that holds something else, before anything is written to it.
    static func verifyIsLedger(_ connection: Connection) throws {
        if let problem = try connection.first("PRAGMA quick_check(1)")?.first?.string, problem != "ok" {
            throw Ledger.damaged(connection.path, problem)
        }
        let tables = try connection.all("SELECT name FROM sqlite_schema WHERE type = 'table'").compactMap(
            \.first?.string
        )
        guard tables.isEmpty || tables.contains("migration") else {
            throw Ledger.damaged(connection.path, "it is a database of something else")
        }
    }

    /// Applies the steps that the ledger lacks, all of them or none.
    ///
    /// - Throws: ``StoreError`` with code `unsupported` for a ledger with steps that this version does not know.
    static func apply(to connection: Connection, at now: Timestamp) throws {
        if try applied(in: connection) == all.map(\.name) { return }
        try connection.transaction {
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT"
            )
            let done = try applied(in: connection)
            for migration in all.dropFirst(done.count) {
                try connection.execute(migration.script)
                try connection.run(
                    "INSERT INTO migration (name, applied_at) VALUES (?, ?)",
                    .text(migration.name),
                    .integer(now.microseconds)
                )
            }
            if try connection.first("SELECT 1 FROM node") == nil {
                try connection.run("INSERT INTO node (id) VALUES (?)", .text(UUID().uuidString.lowercased()))
            }
        }
    }

    /// The names of the steps that the ledger has been through, in order.
    private static func applied(in connection: Connection) throws -> [String] {
        guard try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'migration'") != nil else { return [] }
        let names = try connection.all("SELECT name FROM migration ORDER BY rowid").compactMap(\.first?.string)
        guard all.map(\.name).starts(with: names) else {
            let unknown = names.filter { name in !all.contains { $0.name == name } }
            throw StoreError(
                .unsupported,
                "\(connection.path): a newer Tally has written this ledger (its format has "
                    + "\(unknown.map { "«\($0)»" }.joined(separator: ", ")), which this version does not know); run that "
                    + "version, or give this one a `state:` folder of its own"
            )
        }
        return names
    }
}
