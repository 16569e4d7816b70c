import Foundation
import SQLite
import TallyModel

/// The format of a group's ledger, in steps that are only ever appended.
enum GroupMigration {
    private static let steps: [(name: String, script: String)] = [
        (
            "versions",
            """
            -- `compacted`: the last row of `version` up to which history was forgotten.
            CREATE TABLE ledger (id TEXT NOT NULL, group_name TEXT NOT NULL, compacted INTEGER NOT NULL DEFAULT 0) STRICT;

            -- `position` is how far the member's own log was taken in, `base` the sequence that it had been brought to there.
            CREATE TABLE member (
                actor INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, store TEXT, position TEXT,
                base INTEGER NOT NULL DEFAULT 0, stage TEXT NOT NULL, came_at INTEGER NOT NULL DEFAULT 0
            ) STRICT;

            -- Every number that was ever given: a member that was restored goes on under another.
            CREATE TABLE author (actor INTEGER PRIMARY KEY, member TEXT NOT NULL) STRICT;

            -- Rows that a member was found with as the group had them when it came, until it has been brought there.
            CREATE TABLE compared (
                actor INTEGER NOT NULL, table_number INTEGER NOT NULL, key BLOB NOT NULL,
                PRIMARY KEY (actor, table_number, key)
            ) STRICT, WITHOUT ROWID;

            -- Rows that a member refuses to hold as the group has them: it holds them as of `base`, and as the group has them
            -- once it has been brought to `taken`.
            CREATE TABLE parked (
                actor INTEGER NOT NULL, table_number INTEGER NOT NULL, key BLOB NOT NULL, base INTEGER NOT NULL,
                taken INTEGER, reason TEXT NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (actor, table_number, key)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE group_table (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, json TEXT NOT NULL) STRICT;

            -- `vector` and `clock` are of all that was seen up to the entry; `first` is the entry's first row in `version`.
            CREATE TABLE entry (
                sequence INTEGER PRIMARY KEY, actor INTEGER NOT NULL, counter INTEGER NOT NULL, base INTEGER NOT NULL,
                committed INTEGER NOT NULL, vector BLOB NOT NULL, clock INTEGER NOT NULL, clock_counter INTEGER NOT NULL,
                clamped INTEGER, rows INTEGER NOT NULL, first INTEGER NOT NULL
            ) STRICT;

            -- In the order of the entries. `flags`: 1 the row was new, 2 its author is sent it, 4 `authored` says what the author
            -- held instead.
            CREATE TABLE version (
                id INTEGER PRIMARY KEY, table_number INTEGER NOT NULL, key BLOB NOT NULL, sequence INTEGER NOT NULL,
                actor INTEGER NOT NULL, counter INTEGER NOT NULL, base INTEGER NOT NULL, flags INTEGER NOT NULL,
                state BLOB NOT NULL, authored BLOB
            ) STRICT;
            CREATE UNIQUE INDEX version_row ON version (table_number, key, sequence);

            CREATE TABLE conflict (
                id INTEGER PRIMARY KEY AUTOINCREMENT, sequence INTEGER NOT NULL, at INTEGER NOT NULL,
                table_number INTEGER NOT NULL, key BLOB NOT NULL, column_number INTEGER, policy TEXT NOT NULL,
                state TEXT NOT NULL, winner_actor INTEGER, writes BLOB NOT NULL, result BLOB, decided_at INTEGER,
                decision TEXT
            ) STRICT;
            CREATE INDEX conflict_row ON conflict (table_number, key);
            CREATE INDEX conflict_state ON conflict (state, id);
            CREATE INDEX conflict_waiting ON conflict (table_number, key) WHERE state = 'waiting';
            """
        ),
        (
            "constraints",
            """
            -- What members are brought in the place of what the row's writes come to.
            ALTER TABLE version ADD COLUMN withheld BLOB;

            -- Of a row that a constraint keeps out: what the constraint is about ('unique', 'parent', 'reference', 'row', or
            -- 'refused' by one member alone), its name and columns, what the row clashes with, what its former values clash
            -- with, and the member that found it. Of a reference: the row that had what it names, and the columns of that.
            ALTER TABLE conflict ADD COLUMN rule TEXT;
            ALTER TABLE conflict ADD COLUMN rule_name TEXT;
            ALTER TABLE conflict ADD COLUMN rule_columns TEXT;
            ALTER TABLE conflict ADD COLUMN other_table INTEGER;
            ALTER TABLE conflict ADD COLUMN other_key BLOB;
            ALTER TABLE conflict ADD COLUMN further_columns TEXT;
            ALTER TABLE conflict ADD COLUMN further_key BLOB;
            ALTER TABLE conflict ADD COLUMN member INTEGER;
            CREATE INDEX conflict_rule ON conflict (table_number, key) WHERE rule IS NOT NULL AND state = 'waiting';
            CREATE INDEX conflict_open ON conflict (table_number, key, column_number) WHERE state IN ('resolved', 'waiting');
            """
        ),
        (
            "keys",
            """
            -- How a member spells the key of a row, where that is not the group's way.
            CREATE TABLE spelling (
                actor INTEGER NOT NULL, table_number INTEGER NOT NULL, key BLOB NOT NULL, spelled BLOB NOT NULL,
                PRIMARY KEY (actor, table_number, key)
            ) STRICT, WITHOUT ROWID;

            -- Rows of a member that are no rows of the group, by their keys as the member spells them.
            CREATE TABLE left_out (
                actor INTEGER NOT NULL, table_number INTEGER NOT NULL, spelled BLOB NOT NULL, reason TEXT NOT NULL,
                count INTEGER NOT NULL, PRIMARY KEY (actor, table_number, spelled)
            ) STRICT, WITHOUT ROWID;

            -- Tables that were made anew for a member that had held their rows: it holds them again once brought to `until`.
            CREATE TABLE made (
                actor INTEGER NOT NULL, table_number INTEGER NOT NULL, until INTEGER NOT NULL,
                PRIMARY KEY (actor, table_number)
            ) STRICT, WITHOUT ROWID;
            """
        ),
        (
            "epochs",
            """
            -- What tells an entry from one of the same number in another copy of the ledger; NULL for those of before.
            ALTER TABLE entry ADD COLUMN fingerprint INTEGER;

            -- In `version`, `flags` may have 8: the row was found in a member that is ahead of the ledger.

            -- What a member says that was taken up from `base` though it had been brought further by another copy of the ledger.
            ALTER TABLE member ADD COLUMN claim TEXT;

            -- Each opening of the ledger that wrote entries, and the first of these.
            CREATE TABLE epoch (start INTEGER PRIMARY KEY, id INTEGER NOT NULL) STRICT;

            -- The sequence at which the row was as the group had it; 0 where the member held something of its own, NULL where it
            -- held what it had been brought to.
            ALTER TABLE compared ADD COLUMN sequence INTEGER;
            UPDATE compared SET sequence = (SELECT came_at FROM member WHERE member.actor = compared.actor);
            """
        ),
        (
            "ordered keys",
            """
            -- Keys as `KeyCoding` writes them: rows with keys that count up are side by side in `version_row`.
            DROP INDEX version_row;
            UPDATE version SET key = ordered(key);
            CREATE UNIQUE INDEX version_row ON version (table_number, key, sequence);
            UPDATE conflict SET key = ordered(key), other_key = ordered(other_key), further_key = ordered(further_key);
            UPDATE compared SET key = ordered(key);
            UPDATE parked SET key = ordered(key);
            UPDATE spelling SET key = ordered(key), spelled = ordered(spelled);
            UPDATE left_out SET spelled = ordered(spelled);
            """
        ),
        (
            "returned",
            """
            -- How many of the entry's rows its author is sent; NULL for entries of before.
            ALTER TABLE entry ADD COLUMN returned INTEGER;
            """
        ),
        (
            "parked again",
            """
            -- A row that is refused, taken and refused again is in here twice until the member's log is read so far.
            CREATE TABLE parked_again (
                actor INTEGER NOT NULL, table_number INTEGER NOT NULL, key BLOB NOT NULL, base INTEGER NOT NULL,
                taken INTEGER, reason TEXT NOT NULL, since INTEGER NOT NULL,
                PRIMARY KEY (actor, table_number, key, base)
            ) STRICT, WITHOUT ROWID;
            INSERT INTO parked_again SELECT actor, table_number, key, base, taken, reason, since FROM parked;
            DROP TABLE parked;
            ALTER TABLE parked_again RENAME TO parked;
            """
        ),
        (
            "tables of later",
            """
            -- Where the group was when the table came into it.
            ALTER TABLE group_table ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
            """
        ),
        (
            "told clashes",
            """
            -- Which rows, as they were, members have said not to go side by side; NULL where that follows from their values.
            ALTER TABLE conflict ADD COLUMN told BLOB;
            """
        ),
        (
            "findings",
            """
            -- What members have found of rows that hang together with one that waits, beyond what that waits for: as in
            -- `conflict`. With `row` and `other_row`: only members know the rule, and said it of the rows as these are.
            CREATE TABLE finding (
                table_number INTEGER NOT NULL, key BLOB NOT NULL, rule TEXT NOT NULL, rule_columns TEXT NOT NULL,
                other_table INTEGER, other_key BLOB, further_columns TEXT, row BLOB, other_row BLOB
            ) STRICT;
            CREATE INDEX finding_row ON finding (table_number, key);
            -- Members say it again.
            ALTER TABLE conflict DROP COLUMN told;
            """
        ),
    ]

    static func verify(_ connection: Connection, group: String) throws {
        let tables = try connection.all("SELECT name FROM sqlite_schema WHERE type = 'table'").compactMap(
            \.first?.string
        )
        guard !tables.isEmpty else { return }
        guard tables.contains("migration"), tables.contains("ledger") else {
            throw damaged(connection.path, "it is a database of something else")
        }
        let known = steps.map(\.name)
        let names = try connection.all("SELECT name FROM migration ORDER BY rowid").compactMap(\.first?.string)
        guard known.starts(with: names) else {
            throw StoreError(
                .unsupported,
                "\(connection.path): a newer Tally has written this ledger; run that version, or give this one a "
                    + "`state:` folder of its own"
            )
        }
        if let name = try connection.first("SELECT group_name FROM ledger")?.first?.string, name != group {
            throw damaged(connection.path, "it is the ledger of group \(name)")
        }
    }

    /// Whether the file is a ledger that lacks steps.
    static func isOlder(_ connection: Connection) throws -> Bool {
        guard try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'migration'") != nil else { return false }
        return try connection.first("SELECT count(*) FROM migration")?.first?.integer ?? 0 < steps.count
    }

    static func apply(to connection: Connection, group: String, at now: Timestamp) throws {
        try connection.transaction(.immediate) {
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT"
            )
            let done = try connection.all("SELECT name FROM migration ORDER BY rowid").count
            if done < steps.count { try connection.register("ordered", arguments: 1, ordered) }
            for step in steps.dropFirst(done) {
                try connection.execute(step.script)
                try connection.run(
                    "INSERT INTO migration (name, applied_at) VALUES (?, ?)",
                    .text(step.name),
                    .integer(now.microseconds)
                )
            }
            guard try connection.first("SELECT 1 FROM ledger") == nil else { return }
            try connection.run(
                "INSERT INTO ledger (id, group_name) VALUES (?, ?)",
                .text(UUID().uuidString.lowercased()),
                .text(group)
            )
        }
    }

    /// A key as earlier ledgers wrote it, with ``RowCoding``, as it is written today.
    private static func ordered(_ arguments: [Value]) throws -> Value {
        guard case .bytes(let key)? = arguments.first else { return .null }
        return .bytes(KeyCoding.encode(try RowCoding.decode(key)))
    }

    static func damaged(_ path: String, _ what: String, cause: (any Error)? = nil) -> StoreError {
        StoreError(
            .damaged,
            "\(path): the group's ledger is damaged or no ledger: \(what); stop Tally and say `tally rebuild "
                + "\(GroupLedger.group(at: path))`, which keeps the file aside and makes the ledger anew from what the members "
                + "hold; what they wrote and others have not got yet is not lost",
            cause: cause
        )
    }
}
