import SQLite
import TallyModel

/// Tally's own tables in a target: what each flow has reached, who runs it, and the engine's notes.
enum CheckpointTable {
    static func exists(in connection: Connection) throws -> Bool {
        try connection.hasTable("_tally_checkpoint")
    }

    static func create(in connection: Connection) throws {
        try connection.execute(
            """
            CREATE TABLE IF NOT EXISTS _tally_checkpoint(
                flow TEXT PRIMARY KEY, source_id TEXT, position TEXT, committed_at TEXT,
                runner_id TEXT, runner_host TEXT, runner_pid INTEGER, runner_start TEXT, claimed_at TEXT
            ) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS _tally_note(
                flow TEXT, table_schema TEXT, table_name TEXT, note TEXT NOT NULL,
                PRIMARY KEY(flow, table_schema, table_name)
            ) WITHOUT ROWID;
            """
        )
    }

    // MARK: Runners

    /// Who has the flow; `nil` when nobody does.
    static func claim(on flow: String, in connection: Connection) throws -> RunnerClaim? {
        let row = try connection.first(
            "SELECT runner_id, runner_host, runner_pid, runner_start, claimed_at FROM _tally_checkpoint WHERE flow = ?",
            .text(flow)
        )
        guard let row, let id = row[0].text else { return nil }
        guard let host = row[1].text, case .integer(let processID) = row[2] else { throw damaged(in: connection) }
        let holder = Runner(
            id: id,
            host: host,
            processID: Int32(clamping: processID),
            processStart: row[3].text ?? ""
        )
        return RunnerClaim(holder: holder, since: row[4].text ?? "a time unknown")
    }

    static func write(_ runner: Runner, for flow: String, in connection: Connection) throws {
        try connection.run(
            """
            INSERT INTO _tally_checkpoint(flow, runner_id, runner_host, runner_pid, runner_start, claimed_at)
            VALUES (?1, ?2, ?3, ?4, ?5, \(now))
            ON CONFLICT(flow) DO UPDATE SET runner_id = ?2, runner_host = ?3, runner_pid = ?4, runner_start = ?5,
                claimed_at = \(now)
            """,
            .text(flow),
            .text(runner.id),
            .text(runner.host),
            .integer(Int64(runner.processID)),
            .text(runner.processStart)
        )
    }

    /// Gives the flow up if `runner` has it.
    static func release(_ runner: Runner, from flow: String, in connection: Connection) throws {
        try connection.run(
            """
            UPDATE _tally_checkpoint SET runner_id = NULL, runner_host = NULL, runner_pid = NULL, runner_start = NULL,
                claimed_at = NULL
            WHERE flow = ? AND runner_id = ?
            """,
            .text(flow),
            .text(runner.id)
        )
    }

    // MARK: Progress

    static func progress(of flow: String, in connection: Connection) throws -> FlowProgress? {
        let row = try connection.first(
            "SELECT source_id, position FROM _tally_checkpoint WHERE flow = ?",
            .text(flow)
        )
        guard let row else { return nil }
        var progress = FlowProgress()
        if let position = row[1].text {
            guard let sourceID = row[0].text, let position = Position(encoded: position) else {
                throw damaged(in: connection)
            }
            progress.checkpoint = Checkpoint(sourceID: sourceID, position: position)
        }
        let notes = try connection.all(
            "SELECT table_schema, table_name, note FROM _tally_note WHERE flow = ? ORDER BY table_schema, table_name",
            .text(flow)
        )
        progress.notes = try notes.map { row in
            guard let schema = row[0].text, let name = row[1].text, let text = row[2].text else {
                throw damaged(in: connection)
            }
            return TableNote(table: TableName(name, schema: schema.isEmpty ? nil : schema), text: text)
        }
        return progress.checkpoint == nil && progress.notes.isEmpty ? nil : progress
    }

    /// Writes the checkpoint, or leaves it where it is `nil`, as long as `runner` has the flow.
    ///
    /// - Throws: ``StoreError`` with code `fenced` when it has not.
    static func advance(
        _ flow: String,
        to checkpoint: Checkpoint?,
        by runner: Runner,
        in connection: Connection
    ) throws {
        guard try exists(in: connection) else { throw fenced(flow, in: connection) }
        if let checkpoint {
            try connection.run(
                """
                UPDATE _tally_checkpoint SET source_id = ?, position = ?, committed_at = \(now)
                WHERE flow = ? AND runner_id = ?
                """,
                .text(checkpoint.sourceID),
                .text(checkpoint.position.encoded),
                .text(flow),
                .text(runner.id)
            )
        } else {
            try connection.run(
                "UPDATE _tally_checkpoint SET flow = flow WHERE flow = ? AND runner_id = ?",
                .text(flow),
                .text(runner.id)
            )
        }
        guard connection.changes == 1 else { throw fenced(flow, in: connection) }
    }

    static func write(_ notes: [TableNote], of flow: String, in connection: Connection) throws {
        for note in notes {
            let (schema, name) = (Value.text(note.table.schema ?? ""), Value.text(note.table.name))
            if note.text.isEmpty {
                try connection.run(
                    "DELETE FROM _tally_note WHERE flow = ? AND table_schema = ? AND table_name = ?",
                    .text(flow),
                    schema,
                    name
                )
            } else {
                try connection.run(
                    "INSERT OR REPLACE INTO _tally_note(flow, table_schema, table_name, note) VALUES (?, ?, ?, ?)",
                    .text(flow),
                    schema,
                    name,
                    .text(note.text)
                )
            }
        }
    }

    // MARK: Removal

    /// Forgets the flow, and with the last flow the tables; the file's identity stays while the file is captured.
    static func remove(_ flow: String, in connection: Connection) throws {
        guard try exists(in: connection) else { return }
        try connection.run("DELETE FROM _tally_checkpoint WHERE flow = ?", .text(flow))
        try connection.run("DELETE FROM _tally_note WHERE flow = ?", .text(flow))
        guard try connection.first("SELECT 1 FROM _tally_checkpoint LIMIT 1") == nil else { return }
        try connection.execute("DROP TABLE _tally_checkpoint; DROP TABLE _tally_note")
        try TableStructure.releaseRowIDs(in: connection)
        try StoreIdentity.dropIfUnused(in: connection)
    }

    private static let now = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"

    private static func fenced(_ flow: String, in connection: Connection) -> StoreError {
        StoreError(
            .fenced,
            "\(connection.path): another process has taken \(flow) over, or removed it; this one writes no more"
        )
    }

    private static func damaged(in connection: Connection) -> StoreError {
        StoreError(
            .damaged,
            "\(connection.path): the checkpoint table _tally_checkpoint or _tally_note is damaged; restore the file "
                + "from a backup, or run `tally remove` for its flows and groups, and start them anew"
        )
    }
}
