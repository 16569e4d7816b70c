import Foundation
import TallyModel

/// Tally's own tables in a target, in schema `tally`: what each flow has reached, who runs it, the engine's notes, and
/// the database's identity.
enum CheckpointTable {
    /// Held while these tables are made, claimed or removed, so that flows which begin and end together take turns.
    private static let lock = AdvisoryKey(of: "bookkeeping")

    /// Waits until nobody else makes or removes the tables; lasts to the end of the transaction.
    static func takeTurn(in connection: PostgresConnection) throws {
        try connection.execute("SELECT pg_advisory_xact_lock(\(lock.number))")
    }

    static func exists(in connection: PostgresConnection) throws -> Bool {
        let answer = try connection.execute(
            "SELECT to_regclass('tally.checkpoint') IS NOT NULL AND to_regclass('tally.note') IS NOT NULL"
        )
        return answer.flag(0, 0)
    }

    /// Makes what is not there yet; in a transaction that has its turn.
    static func create(in connection: PostgresConnection) throws {
        // Asked for first: `IF NOT EXISTS` wants the right to make what is there already.
        let answer = try connection.execute(
            """
            SELECT to_regnamespace('tally') IS NULL, to_regclass('tally.checkpoint') IS NULL,
                to_regclass('tally.note') IS NULL, to_regclass('tally.identity') IS NULL
            """
        )
        if answer.flag(0, 0) { try connection.execute("CREATE SCHEMA tally") }
        // Room beside each row, so that its next version needs no entry in the index.
        if answer.flag(0, 1) {
            try connection.execute(
                """
                CREATE TABLE tally.checkpoint(
                    flow text PRIMARY KEY, source_id text, position text, committed_at timestamptz,
                    runner_id text, runner_host text, runner_pid integer, runner_start text, claimed_at timestamptz
                ) WITH (fillfactor = 20)
                """
            )
        }
        if answer.flag(0, 2) {
            try connection.execute(
                """
                CREATE TABLE tally.note(
                    flow text, table_schema text, table_name text, note text NOT NULL,
                    PRIMARY KEY (flow, table_schema, table_name)
                ) WITH (fillfactor = 50)
                """
            )
        }
        if answer.flag(0, 3) {
            try connection.execute(
                """
                CREATE TABLE tally.identity(
                    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one), id text NOT NULL
                )
                """
            )
        }
    }

    /// The database's identity, made when it is first asked for.
    static func ensureIdentity(in connection: PostgresConnection) throws -> String {
        try connection.query(
            "INSERT INTO tally.identity(id) VALUES ($1) ON CONFLICT DO NOTHING",
            [.text(UUID().uuidString.lowercased())]
        )
        guard let id = try connection.execute("SELECT id FROM tally.identity").text(0, 0) else {
            throw damaged(connection.label)
        }
        return id
    }

    // MARK: Runners

    /// Who has the flow, as its row says; `nil` when nobody does.
    static func holder(of flow: String, in connection: PostgresConnection) throws -> (runner: Runner, since: String)? {
        let row = try connection.query(
            """
            SELECT runner_id, runner_host, runner_pid, runner_start,
                to_char(claimed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')
            FROM tally.checkpoint WHERE flow = $1
            """,
            [.text(flow)]
        )
        guard row.rowCount == 1, let id = row.text(0, 0) else { return nil }
        guard let host = row.text(0, 1), let processID = row.integer(0, 2) else { throw damaged(connection.label) }
        let runner = Runner(
            id: id,
            host: host,
            processID: Int32(clamping: processID),
            processStart: row.text(0, 3) ?? ""
        )
        return (runner, row.text(0, 4) ?? "a time unknown")
    }

    static func write(_ runner: Runner, for flow: String, in connection: PostgresConnection) throws {
        try connection.query(
            """
            INSERT INTO tally.checkpoint(flow, runner_id, runner_host, runner_pid, runner_start, claimed_at)
            VALUES ($1, $2, $3, $4, $5, now())
            ON CONFLICT (flow) DO UPDATE SET runner_id = $2, runner_host = $3, runner_pid = $4, runner_start = $5,
                claimed_at = now()
            """,
            [
                .text(flow), .text(runner.id), .text(runner.host), .integer(runner.processID),
                .text(runner.processStart),
            ]
        )
    }

    /// Gives the flow up if `runner` has it.
    static func release(_ runner: Runner, from flow: String, in connection: PostgresConnection) throws {
        try connection.query(
            """
            UPDATE tally.checkpoint SET runner_id = NULL, runner_host = NULL, runner_pid = NULL, runner_start = NULL,
                claimed_at = NULL
            WHERE flow = $1 AND runner_id = $2
            """,
            [.text(flow), .text(runner.id)]
        )
    }

    // MARK: Progress

    static func progress(of flow: String, in connection: PostgresConnection) throws -> FlowProgress? {
        let row = try connection.query(
            "SELECT source_id, position FROM tally.checkpoint WHERE flow = $1",
            [.text(flow)]
        )
        guard row.rowCount == 1 else { return nil }
        var progress = FlowProgress()
        if let text = row.text(0, 1) {
            guard let sourceID = row.text(0, 0), let position = Position(encoded: text) else {
                throw damaged(connection.label)
            }
            progress.checkpoint = Checkpoint(sourceID: sourceID, position: position)
        }
        let notes = try connection.query(
            "SELECT table_schema, table_name, note FROM tally.note WHERE flow = $1 ORDER BY table_schema, table_name",
            [.text(flow)]
        )
        progress.notes = try (0..<notes.rowCount).map { place in
            guard let schema = notes.text(place, 0), let name = notes.text(place, 1), let text = notes.text(place, 2)
            else { throw damaged(connection.label) }
            return TableNote(table: TableName(name, schema: schema.isEmpty ? nil : schema), text: text)
        }
        return progress.checkpoint == nil && progress.notes.isEmpty ? nil : progress
    }

    /// Writes the checkpoint, or leaves it where it is `nil`, as long as `runner` has the flow.
    ///
    /// Where it has not, the statement divides by zero: so that the `COMMIT` which follows in the same round trip is
    /// not carried out.
    static func advance(_ flow: String, to checkpoint: Checkpoint?, by runner: Runner) -> Command {
        guard let checkpoint else {
            return Command(
                """
                SELECT 1 / count(*) FROM (
                    SELECT FROM tally.checkpoint WHERE flow = $1 AND runner_id = $2 FOR UPDATE
                ) AS held
                """,
                [.text(flow), .text(runner.id)]
            )
        }
        return Command(
            """
            WITH held AS (
                UPDATE tally.checkpoint SET source_id = $3, position = $4, committed_at = clock_timestamp()
                WHERE flow = $1 AND runner_id = $2 RETURNING 1
            ) SELECT 1 / count(*) FROM held
            """,
            [.text(flow), .text(runner.id), .text(checkpoint.sourceID), .text(checkpoint.position.encoded)]
        )
    }

    /// Whether ``advance(_:to:by:)`` refused because the runner has not the flow.
    static func isRefusal(_ error: StoreError) -> Bool {
        // 42P01 and 3F000: it was removed, with all that Tally had here.
        ["22012", "42P01", "3F000"].contains(error.postgres?.state)
    }

    static func write(_ notes: [TableNote], of flow: String) -> [Command] {
        notes.map { note in
            let key: [Parameter] = [.text(flow), .text(note.table.schema ?? ""), .text(note.table.name)]
            if note.text.isEmpty {
                return Command(
                    "DELETE FROM tally.note WHERE flow = $1 AND table_schema = $2 AND table_name = $3",
                    key
                )
            }
            return Command(
                """
                INSERT INTO tally.note(flow, table_schema, table_name, note) VALUES ($1, $2, $3, $4)
                ON CONFLICT (flow, table_schema, table_name) DO UPDATE SET note = excluded.note
                """,
                key + [.text(note.text)]
            )
        }
    }

    // MARK: Removal

    /// Forgets the flow, and with the last flow all of Tally's schema that nothing else of Tally needs.
    static func remove(_ flow: String, in connection: PostgresConnection) throws {
        guard try exists(in: connection) else { return }
        try connection.query("DELETE FROM tally.note WHERE flow = $1", [.text(flow)])
        try connection.query("DELETE FROM tally.checkpoint WHERE flow = $1", [.text(flow)])
        guard try connection.execute("SELECT FROM tally.checkpoint LIMIT 1").rowCount == 0 else { return }
        try connection.execute("DROP TABLE tally.checkpoint, tally.note; DROP TABLE IF EXISTS tally.identity")
        let others = try connection.execute(
            """
            SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('tally'))
                + (SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('tally'))
            """
        )
        guard others.integer(0, 0) == 0 else { return }
        // Whoever made the schema keeps it, where that was not Tally.
        let isOwn = try connection.execute(
            "SELECT pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = 'tally'"
        )
        if isOwn.rowCount == 1, isOwn.flag(0, 0) { try connection.execute("DROP SCHEMA tally") }
    }

    private static func damaged(_ label: String) -> StoreError {
        StoreError(
            .damaged,
            "\(label): the table tally.checkpoint, tally.note or tally.identity is damaged; restore the database from "
                + "a backup, or run `tally remove` for its flows and groups, and start them anew"
        )
    }
}
