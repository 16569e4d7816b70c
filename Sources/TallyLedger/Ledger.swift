import Foundation
import SQLite
public import TallyModel
import Threading

/// What a node remembers: one SQLite file, in WAL mode, synchronised with the disk at every commit.
///
/// Every call returns after its effect would survive a loss of power. Several processes may have one ledger open;
/// their writes take turns. Calls block the ledger's own thread and no other.
public actor Ledger: FlowLedger {
    private nonisolated let thread: DatabaseThread
    let clock: WallClock
    /// `nil` after ``close()``.
    private var connection: Connection?
    private nonisolated let path: String

    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private init(path: String, clock: @escaping WallClock) {
        thread = DatabaseThread(name: "tally-ledger")
        self.path = path
        self.clock = clock
    }

    /// Opens the ledger at `path`, or makes one there: its folder for the owner alone, and the file too.
    ///
    /// - Parameter clock: What the audit is stamped with.
    /// - Throws: ``StoreError`` with code `unsupported` for a ledger that a newer Tally has written, and `damaged` for
    ///   a file that is no ledger or no longer a whole one. Neither is touched.
    public static func open(path: String, clock: @escaping WallClock = Ledger.systemClock) async throws -> Ledger {
        let ledger = Ledger(path: path, clock: clock)
        try await ledger.connect()
        return ledger
    }

    /// Closes the file. Later calls fail; a second close does nothing.
    public func close() {
        connection?.close()
        connection = nil
    }

    /// The node's own identity, made with its ledger.
    public func nodeID() throws -> String {
        try reading { connection in
            guard case .text(let id)? = try connection.first("SELECT id FROM node")?.first else {
                throw Self.damaged(path, "it does not name its node")
            }
            return id
        }
    }

    /// The flows that the ledger remembers anything of, by name.
    public func flows() throws -> [String] {
        try reading { connection in
            let rows = try connection.all(
                """
                SELECT flow FROM dead_letter UNION SELECT flow FROM pause UNION SELECT flow FROM resync_request
                UNION SELECT flow FROM stop
                """
            )
            return rows.compactMap { $0[0].string }
        }
    }

    public func remove(flow: String) throws {
        try writing { connection in
            for table in ["dead_letter", "pause", "resync_request", "stop"] {
                try connection.run("DELETE FROM \(table) WHERE flow = ?", .text(flow))
            }
            try connection.forgetUnusedSchemas()
            try note(.remove, flow: flow, in: connection)
        }
    }

    /// The clock of the system.
    public static let systemClock: WallClock = {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    // MARK: The file

    private func connect() throws {
        try LedgerFile.prepare(at: path)
        connection = try explaining {
            let connection = try Connection(path: path, access: .readWrite)
            do {
                try connection.execute("PRAGMA synchronous = FULL")
                try LedgerMigration.verifyIsLedger(connection)
                try Self.enterWAL(connection)
                try LedgerMigration.apply(to: connection, at: clock())
                return connection
            } catch {
                connection.close()
                throw error
            }
        }
    }

    private static func enterWAL(_ connection: Connection) throws {
        guard try connection.first("PRAGMA journal_mode")?.first?.string != "wal" else { return }
        let mode = try waitingForOthers { try connection.first("PRAGMA journal_mode = WAL")?.first?.string }
        guard mode == "wal" else {
            throw StoreError(
                .unsupported,
                "\(connection.path): the file system cannot hold a ledger (no shared memory for SQLite's WAL); "
                    + "give `state:` a folder on a local disk"
            )
        }
    }

    /// Repeats what another process's lock refuses: SQLite itself does not wait for the one that a change of mode takes.
    private static func waitingForOthers<Result>(_ body: () throws -> Result) throws -> Result {
        let deadline = ContinuousClock.now + .seconds(5)
        while true {
            do {
                return try body()
            } catch let error as StoreError where error.code == .busy && ContinuousClock.now < deadline {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
    }

    func reading<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        guard let connection else { throw StoreError(.unreachable, "\(path): the ledger was closed") }
        return try explaining { try body(connection) }
    }

    /// Runs `body` as one transaction.
    func writing<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        try reading { connection in try connection.transaction { try body(connection) } }
    }

    /// Says of damage what it means for a ledger.
    private func explaining<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as StoreError where error.code == .damaged && error.cause is SQLiteError {
            throw Self.damaged(path, "\(error.cause!)", cause: error)
        }
    }

    static func damaged(_ path: String, _ what: String, cause: (any Error)? = nil) -> StoreError {
        StoreError(
            .damaged,
            "\(path): the ledger is damaged or no ledger: \(what); restore the file from a backup, or move it away and "
                + "start again: checkpoints live in the targets, so flows go on where they were, but pauses and dead "
                + "letters are forgotten, and tables that had any need `tally resync`",
            cause: cause
        )
    }
}

extension Value {
    /// The text that the value is; `nil` for every other kind.
    var string: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
