import SQLite
import TallyModel

/// The connection that a flow writes through: set up once, and one transaction at a time.
final class TargetConnection {
    let connection: Connection
    let file: TargetFile
    private(set) var isOpen = false
    /// SQLite's counter of changes of structure, as of the last transaction.
    private var schemaVersion: Value?
    /// Whether another flow captures the changes of this file.
    private var isCaptured = false

    /// What writes: a flow, or a group.
    private let flow: String

    /// Opens the file, and makes it if it is not there; a new one is put in WAL mode.
    init(_ path: String, flow: String) throws {
        self.flow = flow
        var file = TargetFile(path)
        let isNew = file.isMissingOrEmpty
        connection = try file.connect(busyTimeout: .seconds(2))
        self.file = file
        if isNew { _ = try connection.first("PRAGMA journal_mode=WAL") }
        let isWriteAhead = try connection.first("PRAGMA journal_mode")?.first?.text?.lowercased() == "wal"
        // NORMAL leaves it to WriteAheadLog when commits reach the disk. EXTRA, because FULL leaves the removal of a
        // rollback journal to chance: it could come back after a loss of power and undo a commit.
        try connection.execute(
            """
            PRAGMA synchronous=\(isWriteAhead ? "NORMAL" : "EXTRA");
            PRAGMA cache_size=-12288;
            PRAGMA temp_store=MEMORY;
            PRAGMA foreign_keys=OFF;
            """
        )
        connection.takeOverCheckpoints()
    }

    // MARK: Transactions

    /// Opens a transaction if none is open.
    ///
    /// - Returns: Whether the structure of the file may have changed since the last transaction.
    func begin() throws -> Bool {
        if isOpen {
            guard connection.isInTransaction else { throw givenUp() }
            return false
        }
        try file.checkIsInPlace()
        try connection.execute("BEGIN IMMEDIATE")
        isOpen = true
        let version = try connection.first("PRAGMA schema_version")?.first
        let isCaptured = try isCapturedByOthers()
        if version == schemaVersion, isCaptured == self.isCaptured { return false }
        self.isCaptured = isCaptured
        try adoptTriggers()
        schemaVersion = version
        return true
    }

    /// Takes note that the transaction has changed the file's structure: nobody else can have meanwhile, so that what is
    /// known of other tables still holds in the next.
    func adoptOwnChange() throws {
        schemaVersion = try connection.first("PRAGMA schema_version")?.first
    }

    /// - Throws: What kept it from committing; then nothing was written, and the transaction is over.
    func commit() throws {
        do {
            try file.checkIsInPlace()
            try connection.execute("COMMIT")
        } catch {
            rollback()
            throw error
        }
        isOpen = false
        try file.checkIsInPlace()
    }

    /// Whether the write-ahead log should be copied into the database before more is written.
    ///
    /// Each time waits twice for the disk, so it is after 32 MB of log and not, as SQLite would have it, after 4.
    var isLogLong: Bool { connection.logPages >= 8000 }

    func shortenLog() {
        if !isOpen, isLogLong { connection.checkpoint() }
    }

    /// SQLite rolls back by itself where a disk is full or fails. Going on would leave out what was written before.
    private func givenUp() -> StoreError {
        StoreError(.unreachable, "\(file.path): SQLite gave up the transaction after an error; Tally sends it again")
    }

    func rollback() {
        connection.rollback()
        isOpen = false
        // What was made in the transaction is gone again.
        schemaVersion = nil
    }

    func close() {
        rollback()
        connection.close()
    }

    // MARK: Triggers

    /// A group that writes here does not want to see that again.
    private func isCapturedByOthers() throws -> Bool {
        let triggers = "SELECT 1 FROM sqlite_schema WHERE type = 'trigger' AND name LIKE '\\_tally\\_%' ESCAPE '\\'"
        guard try connection.first(triggers) != nil else { return false }
        // Triggers without a list of who wants them: somebody's all the same.
        guard try connection.hasTable("_tally_flow") else { return true }
        return try connection.first("SELECT 1 FROM _tally_flow WHERE flow <> ?", .text(flow)) != nil
    }

    /// Users' triggers must not fire: what they did in the source comes as changes of its own. Tally's must, where
    /// another flow captures this file.
    private func adoptTriggers() throws {
        try connection.setTriggersEnabled(isCaptured)
        // Rows that REPLACE removes are changes, too.
        try connection.execute("PRAGMA recursive_triggers=\(isCaptured ? "ON" : "OFF")")
    }

    /// - Throws: ``StoreError`` with `incompatibleSchema` where a write would fire triggers that the user made.
    func checkTriggers(of table: TableName) throws {
        guard isCaptured else { return }
        let triggers = try Self.userTriggers(of: table, in: connection)
        if let problem = Self.problem(with: triggers) { throw StoreError(.incompatibleSchema, problem, table: table) }
    }

    static func userTriggers(of table: TableName, in connection: Connection) throws -> [String] {
        let rows = try connection.all(
            """
            SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE
                AND name NOT LIKE '\\_tally\\_%' ESCAPE '\\' ORDER BY name
            """,
            .text(table.sqliteName)
        )
        return rows.compactMap(\.first?.text)
    }

    static func problem(with triggers: [String]) -> String? {
        guard !triggers.isEmpty else { return nil }
        return "another flow captures this file by triggers, so that triggers have to fire here, and those of the user "
            + "(\(triggers.joined(separator: ", "))) would do again what was done in the source; drop them, or let the "
            + "other flow read the source itself"
    }
}
