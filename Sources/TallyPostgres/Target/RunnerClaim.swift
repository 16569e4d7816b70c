import TallyModel

/// One runner's claim on a flow: its name in the checkpoint row, and an advisory lock of its connection.
///
/// The row says who may write: a commit by anybody else fails. The lock says who lives: the server gives it up with the
/// connection that holds it, so that a runner that crashed never stands in the way.
struct RunnerClaim: Sendable {
    let flow: String
    let runner: Runner
    private let key: AdvisoryKey
    /// Whether the connection holds the lock. A runner that took the flow over may have to wait for it.
    private(set) var holdsLock = false

    init(flow: String, runner: Runner) {
        self.flow = flow
        self.runner = runner
        key = AdvisoryKey(of: "flow:\(flow)")
    }

    /// What connections that write chunks of the flow's loads share; see ``LoadLane``.
    static func laneKey(of flow: String) -> AdvisoryKey { AdvisoryKey(of: "lane:\(flow)") }

    /// Takes the flow, in a transaction that has its turn at Tally's tables.
    ///
    /// - Throws: ``StoreError`` with code `held`.
    mutating func take(in connection: PostgresConnection, takeOver: Bool) throws {
        let holder = try CheckpointTable.holder(of: flow, in: connection)
        try askForLock(in: connection)
        if !holdsLock, !takeOver { try waitForLock(in: connection) }
        if !holdsLock {
            guard takeOver || holder?.runner.id == runner.id else { throw held(by: holder, connection.label) }
            try endHolder(in: connection)
            try askForLock(in: connection)
        }
        try endLanes(in: connection)
        try CheckpointTable.write(runner, for: flow, in: connection)
    }

    /// Makes sure that no chunk of a former runner, or of this one's last session, is committed from here on.
    private func endLanes(in connection: PostgresConnection) throws {
        let key = Self.laneKey(of: flow)
        let ask = "SELECT pg_try_advisory_xact_lock(\(key.number))"
        if try connection.execute(ask).flag(0, 0) { return }
        try end("pg_locks WHERE granted AND \(key.condition)", in: connection)
        // As long as `lock_timeout` says; then whoever asks tries again.
        try connection.execute("SELECT pg_advisory_xact_lock(\(key.number))")
    }

    /// Ends connections that are in the way, where rights allow it.
    private func end(_ processes: String, in connection: PostgresConnection) throws {
        try connection.execute("SAVEPOINT tally_claim")
        do {
            try connection.execute("SELECT pg_terminate_backend(pid) FROM \(processes); RELEASE SAVEPOINT tally_claim")
        } catch let error as StoreError where error.code == .denied {
            try connection.execute("ROLLBACK TO SAVEPOINT tally_claim")
        }
    }

    private mutating func askForLock(in connection: PostgresConnection) throws {
        holdsLock = try connection.execute("SELECT pg_try_advisory_lock(\(key.number))").flag(0, 0)
    }

    /// Waits a little for the lock: the server notices only some moments later that a process was killed, and gives up
    /// what its connection held when the statement at hand has ended.
    private mutating func waitForLock(in connection: PostgresConnection) throws {
        try connection.execute("SAVEPOINT tally_claim; SET LOCAL lock_timeout = '3s'")
        do {
            try connection.execute("SELECT pg_advisory_lock(\(key.number))")
            try connection.execute("SET LOCAL lock_timeout = 0; RELEASE SAVEPOINT tally_claim")
            holdsLock = true
        } catch let error as StoreError where error.code == .busy {
            try connection.execute("ROLLBACK TO SAVEPOINT tally_claim")
        }
    }

    /// Ends the connection of the runner that is being replaced, so that what it left open blocks nobody. Where rights
    /// do not allow that the row alone keeps it from committing.
    private func endHolder(in connection: PostgresConnection) throws {
        try connection.execute("SAVEPOINT tally_claim")
        do {
            try connection.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted AND \(key.condition)")
            // The lock is given up a moment after the connection is told to end.
            try connection.execute("SET LOCAL lock_timeout = '2s'")
            try connection.execute("SELECT pg_advisory_lock(\(key.number))")
            // Locks of the session count how often they were taken.
            try connection.execute("SELECT pg_advisory_unlock(\(key.number))")
            try connection.execute("RELEASE SAVEPOINT tally_claim")
        } catch let error as StoreError where error.code == .denied || error.code == .busy {
            try connection.execute("ROLLBACK TO SAVEPOINT tally_claim")
        }
    }

    private func held(by holder: (runner: Runner, since: String)?, _ label: String) -> StoreError {
        let who =
            holder.map { "process \($0.runner.processID) on \($0.runner.host), since \($0.since)" }
            ?? "a process that is just beginning"
        return StoreError(
            .held,
            "\(label): \(flow) is run by \(who), whose connection is open; stop that process, or start with "
                + "`tally run --take-over` if it hangs"
        )
    }

    /// Gives the flow up, before the connection is closed: the server notices that a moment later.
    func release(in connection: PostgresConnection) throws {
        try CheckpointTable.release(runner, from: flow, in: connection)
        if holdsLock { try connection.execute("SELECT pg_advisory_unlock(\(key.number))") }
    }

    // MARK: In every commit

    /// What goes before a commit while the lock is still another's.
    var commands: [Command] {
        holdsLock ? [] : [Command("SELECT pg_try_advisory_lock(\(key.number))")]
    }

    /// Reads the answers to ``commands``, the first of a pipeline's.
    mutating func learn(from answer: QueryResult) {
        if !holdsLock { holdsLock = answer.flag(0, 0) }
    }

    func fenced(_ label: String) -> StoreError { Self.fenced(flow, label) }

    static func fenced(_ flow: String, _ label: String) -> StoreError {
        StoreError(
            .fenced,
            "\(label): another process has taken \(flow) over, or removed it; this one writes no more"
        )
    }
}
