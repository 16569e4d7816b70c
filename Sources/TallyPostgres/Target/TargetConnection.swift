import TallyModel

/// The connection that a flow writes through: set up once, and one transaction at a time.
///
/// What opens a transaction or a savepoint is held back and sent with the first statement that needs it, so that a
/// small transaction costs no round trip more than it must.
final class TargetConnection {
    let connection: PostgresConnection
    /// Whether the server runs users' triggers and checks foreign keys for what is written here: the right to suspend
    /// them is missing.
    let firesTriggers: Bool
    private(set) var isOpen = false
    /// What is to be sent before the next statement.
    private var held: [String] = []
    /// Whether the transaction holds work of earlier slices, which a failure must not undo.
    private var hasWork = false
    private var hasSavepoint = false
    /// How many statements of the pipeline at hand were held back.
    private var openings = 0

    init(_ options: ConnectionOptions, flow: String, interrupter: Interrupter) throws {
        connection = try PostgresConnection(options, application: "tally \(flow)", interrupter: interrupter)
        // Joins with arrays of keys are to look each key up in the index, whatever the planner believes of the arrays.
        // Durability is the business of DurableWriter.
        try connection.execute(
            """
            SET synchronous_commit = off;
            SET plan_cache_mode = force_generic_plan;
            SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
            SET enable_seqscan = off; SET enable_bitmapscan = off;
            SET jit = off;
            SET lock_timeout = '30s'
            """
        )
        do {
            // As the server's own apply does it (https://www.postgresql.org/docs/current/runtime-config-client.html).
            try connection.execute("SET session_replication_role = replica")
            firesTriggers = false
        } catch let error as StoreError where error.code == .denied {
            firesTriggers = true
        }
    }

    // MARK: Transactions

    /// Opens a transaction if none is open.
    func begin() {
        guard !isOpen else { return }
        isOpen = true
        held = ["BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"]
        if firesTriggers { held.append("SET CONSTRAINTS ALL DEFERRED") }
    }

    /// Has everything until ``keep()`` be undone by ``undo()``, and nothing before it.
    func protect() {
        begin()
        guard hasWork else { return }
        if hasSavepoint { held.append("RELEASE SAVEPOINT tally_slice") }
        held.append("SAVEPOINT tally_slice")
        hasSavepoint = true
    }

    /// Has a statement sent before the next one.
    func hold(_ sql: String) {
        begin()
        held.append(sql)
    }

    /// Keeps the work since ``protect()``.
    func keep() {
        hasWork = true
    }

    /// Undoes what was done since ``protect()``, after an error or not.
    func undo() throws {
        if !hasWork {
            try abandon()
            begin()
        } else if held.contains("SAVEPOINT tally_slice") {
            // Nothing was sent since.
        } else {
            try connection.execute("ROLLBACK TO SAVEPOINT tally_slice")
        }
    }

    /// - Returns: The answers to `commands`, without those to what was held back.
    @discardableResult
    func run(_ commands: [Command]) throws -> [QueryResult] {
        try run { for command in commands { try send(command) } }
    }

    /// Runs what `body` sends with ``send(_:)``: the server begins with the first statements while the next are made.
    ///
    /// - Returns: The answers to them, without those to what was held back.
    func run(_ body: () throws -> Void) throws -> [QueryResult] {
        openings = 0
        return Array(try connection.pipeline(body).dropFirst(openings))
    }

    /// Sends a statement within ``run(_:)-(()->Void)``.
    func send(_ command: Command) throws {
        for sql in takeHeld() {
            try connection.send(Command(sql))
            openings += 1
        }
        try connection.send(command)
    }

    /// Runs one statement that returns no rows of interest, or a script, in the transaction.
    @discardableResult
    func execute(_ sql: String) throws -> QueryResult {
        try connection.execute((takeHeld() + [sql]).joined(separator: "; "))
    }

    /// Copies rows into a table.
    ///
    /// - Returns: How many the server took.
    @discardableResult
    func copy(_ sql: String, _ send: (PostgresConnection) throws -> Void) throws -> Int {
        try connection.beginCopyIn((takeHeld() + [sql]).joined(separator: "; "))
        try send(connection)
        return try connection.endCopy()
    }

    /// The connection for statements of others, in the transaction if one is open.
    func ready() throws -> PostgresConnection {
        if isOpen, !held.isEmpty { try connection.execute(takeHeld().joined(separator: "; ")) }
        return connection
    }

    private func takeHeld() -> [String] {
        begin()
        defer { held = [] }
        return held
    }

    /// Ends the transaction, together with `last`.
    ///
    /// - Throws: What kept it from committing; then nothing was written, and the transaction is over. With
    ///   `outcomeUnknown` it may or may not have been committed.
    func commit(_ last: [Command]) throws -> [QueryResult] {
        begin()
        let results: [QueryResult]
        do {
            results = try run(last + [Command("COMMIT")])
        } catch let error as StoreError where !connection.isOpen {
            forget()
            throw StoreError(
                .outcomeUnknown,
                "\(connection.label): the connection was lost before the server said whether it committed; Tally reads "
                    + "the checkpoint and goes on from there",
                cause: error
            )
        } catch {
            rollback()
            throw error
        }
        guard results.last?.commandTag == "COMMIT" else {
            rollback()
            throw StoreError(
                .unreachable,
                "\(connection.label): the server gave up the transaction; Tally sends it again"
            )
        }
        forget()
        return results
    }

    func rollback() {
        do {
            try abandon()
        } catch {
            // Whatever keeps the server from answering to that ends the transaction, too; the next call meets it.
        }
    }

    /// Rolls back what reached the server.
    private func abandon() throws {
        defer { forget() }
        if connection.isOpen, connection.isInTransaction { try connection.execute("ROLLBACK") }
    }

    private func forget() {
        isOpen = false
        hasWork = false
        hasSavepoint = false
        held = []
    }

    func close() {
        forget()
        connection.close()
    }
}
