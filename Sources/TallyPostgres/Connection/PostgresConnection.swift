internal import CPostgres
import Foundation
import TallyModel

/// One connection to one PostgreSQL database.
///
/// Belongs to one isolation domain at a time: an actor on a `DatabaseThread`, or a test. Calls block that thread; each
/// wait ends when the ``Interrupter`` is triggered, with `CancellationError`, and then the connection is good for
/// nothing but ``close()``. Errors are ``StoreError`` with a ``PostgresError`` as cause. A server that vanishes without
/// a word is noticed by TCP keepalives.
package final class PostgresConnection {
    /// What `replication=` of the connection is set to.
    package enum Purpose: Sendable {
        case statements
        /// Statements of the replication protocol, and the streams they open.
        case replication
    }

    package let label: String
    let interrupter: Interrupter
    private var connection: OpaquePointer?
    private var kept: [String: String] = [:]
    private var lastName = 0
    private var sent = SentCommands()

    /// Settings that make the server's texts the same everywhere, so that they can be read and compared; and no
    /// compilation of queries, which takes seconds for those on the catalog, whose costs the planner far overrates.
    private static let serverOptions = [
        "datestyle": "ISO,MDY", "intervalstyle": "iso_8601", "extra_float_digits": "1", "bytea_output": "hex",
        "timezone": "UTC", "lc_monetary": "C", "xmloption": "content", "standard_conforming_strings": "on",
        "statement_timeout": "0", "idle_in_transaction_session_timeout": "0",
        // To compile a statement takes the server up to a second; none of Tally's is worth that.
        "jit": "off",
    ]

    /// Connects; waits for at most `connect_timeout` (10 seconds where the user sets none) for each host.
    ///
    /// - Parameter application: How the server lists the connection, in `pg_stat_activity`.
    package init(
        _ options: ConnectionOptions,
        application: String,
        purpose: Purpose = .statements,
        interrupter: Interrupter = Interrupter()
    ) throws {
        label = options.label
        self.interrupter = interrupter
        var options = options.adding([
            "connect_timeout": "10", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
            "tcp_user_timeout": "60000", "fallback_application_name": application,
        ]).setting(["client_encoding": "UTF8"]).addingServerOptions(Self.serverOptions)
        if purpose == .replication { options = options.setting(["replication": "database"]) }
        try connect(options)
    }

    deinit {
        close()
    }

    /// Ends the connection. Doing it twice is doing it once.
    package func close() {
        if let connection { PQfinish(connection) }
        connection = nil
        kept.removeAll()
    }

    /// As `server_version_num` has it: 150018 for 15.18.
    package var serverVersion: Int { connection.map { Int(PQserverVersion($0)) } ?? 0 }

    /// The server's process, as `pg_stat_activity.pid` has it.
    package var serverProcess: Int32 { connection.map { PQbackendPID($0) } ?? 0 }

    /// Whether nothing has shown yet that the connection is lost.
    package var isOpen: Bool { connection.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// Whether a transaction is open at the server, failed or not.
    package var isInTransaction: Bool {
        guard let connection else { return false }
        return [PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE].contains(PQtransactionStatus(connection))
    }

    // MARK: Connecting

    private func connect(_ options: ConnectionOptions) throws {
        let keywords = options.values.keys.sorted()
        let handle = Self.withStrings(keywords) { keywords in
            Self.withStrings(options.values.sorted { $0.key < $1.key }.map(\.value)) { values in
                PQconnectStartParams(keywords, values, 0)
            }
        }
        guard let handle else { throw lost("libpq is out of memory", while: "connect") }
        connection = handle
        // Verbose messages carry the SQLSTATE, which libpq gives no other way before the connection is made.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        PQsetNoticeProcessor(handle, { _, _ in }, nil)
        // libpq itself bounds nothing when it is driven this way, so connect_timeout is counted here, for each host.
        let timeout = Double(options.values["connect_timeout"] ?? "") ?? 10
        let hosts = max(1, (options.values["host"] ?? options.values["hostaddr"] ?? "").split(separator: ",").count)
        let deadline = ContinuousClock.now + .seconds(timeout <= 0 ? 3600 : timeout * Double(hosts))
        var direction = PGRES_POLLING_WRITING
        while PQstatus(handle) != CONNECTION_BAD, direction != PGRES_POLLING_OK {
            guard PQsocket(handle) >= 0 else { break }
            guard ContinuousClock.now < deadline else {
                close()
                throw lost("no answer within \(Int(timeout)) s", while: "connect")
            }
            try wait(
                for: direction == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                until: min(deadline, ContinuousClock.now + .milliseconds(500))
            )
            direction = PQconnectPoll(handle)
            if direction == PGRES_POLLING_FAILED { break }
        }
        guard PQstatus(handle) == CONNECTION_OK else {
            let needsPassword = PQconnectionNeedsPassword(handle) == 1
            let error = Self.connectionError(String(cString: PQerrorMessage(handle)), needsPassword: needsPassword)
            close()
            throw StoreError(error, label: label, while: "connect")
        }
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        PQsetnonblocking(handle, 1)
    }

    /// Takes a message of libpq's verbose form apart: `SEVERITY:  SQLSTATE: text`, one for each host tried.
    private static func connectionError(_ message: String, needsPassword: Bool) -> PostgresError {
        let text = Self.oneLine(message)
        if needsPassword {
            return PostgresError(state: "28P01", message: "the server asks for a password, and none is set")
        }
        guard let match = message.firstMatch(of: /:  ([0-9A-Z]{5}): ([^\n]*)/) else {
            return PostgresError(state: "", message: text)
        }
        return PostgresError(state: String(match.1), message: String(match.2))
    }

    /// A message of libpq's, which may have several lines, the later ones set in by tabs.
    private static func oneLine(_ message: String) -> String {
        message.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && !$0.hasPrefix("LOCATION:") }
            .joined(separator: "; ")
    }

    private static func withStrings<Result>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers: [UnsafePointer<CChar>?] = copies.map { UnsafePointer($0) } + [nil]
        return pointers.withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    // MARK: Waiting

    /// Waits until the socket is ready for `events` (`POLLIN`, `POLLOUT`) or `deadline` is there.
    ///
    /// - Returns: Whether the socket is ready.
    /// - Throws: `CancellationError` when the interrupter was triggered.
    @discardableResult
    private func wait(for events: Int32, until deadline: ContinuousClock.Instant? = nil) throws -> Bool {
        let socket = try socket
        while true {
            var descriptors = [
                pollfd(fd: socket, events: Int16(events), revents: 0),
                pollfd(fd: interrupter.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            var milliseconds: Int32 = -1
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
                milliseconds = Int32(max(0, min(left.rounded(.up), 3_600_000)))
            }
            let ready = poll(&descriptors, 2, milliseconds)
            if ready < 0, errno == EINTR { continue }
            if descriptors[1].revents != 0 { throw CancellationError() }
            return descriptors[0].revents != 0
        }
    }

    /// Waits for data from the server.
    ///
    /// - Returns: Whether there is any; false when `deadline` came first.
    package func waitForData(until deadline: ContinuousClock.Instant? = nil) throws -> Bool {
        let isReady = try wait(for: POLLIN, until: deadline)
        if isReady, PQconsumeInput(try handle) == 0 { throw lost("receive") }
        return isReady
    }

    /// Takes in what has come from the server, without waiting.
    package func receiveAvailable() throws {
        if PQconsumeInput(try handle) == 0 { throw lost("receive") }
    }

    /// The connection's socket, for options of the kernel.
    package var socket: Int32 {
        get throws { PQsocket(try handle) }
    }

    /// Sends what libpq holds back, reading meanwhile what the server sends, so that neither waits for the other.
    package func flush() throws {
        let handle = try handle
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                try wait(for: POLLIN | POLLOUT)
                guard PQconsumeInput(handle) == 1 else { throw lost("receive") }
            default: throw lost("send")
            }
        }
    }

    /// Waits until the next result can be taken without blocking.
    private func awaitResult() throws {
        let handle = try handle
        try flush()
        while PQisBusy(handle) == 1 {
            try wait(for: POLLIN)
            guard PQconsumeInput(handle) == 1 else { throw lost("receive") }
        }
    }

    var handle: OpaquePointer {
        get throws {
            guard let connection else { throw lost("the connection is closed", while: "go on") }
            return connection
        }
    }

    func lost(_ action: String) -> StoreError {
        let message = connection.map { String(cString: PQerrorMessage($0)) } ?? "the connection is closed"
        return lost(Self.oneLine(message), while: action)
    }

    private func lost(_ message: String, while action: String) -> StoreError {
        StoreError(PostgresError(state: "", message: message), label: label, while: action)
    }

    // MARK: Results

    /// The next result of what was sent; `nil` at the end.
    func nextResult() throws -> QueryResult? {
        try awaitResult()
        return PQgetResult(try handle).map(QueryResult.init(taking:))
    }

    /// Takes results until the end of a statement.
    ///
    /// - Returns: The last one.
    func finishStatement(_ action: String) throws -> QueryResult {
        var last: QueryResult?
        var failure: PostgresError?
        while let result = try nextResult() {
            switch result.status {
            case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: failure = failure ?? result.error
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: return result
            default: break
            }
            last = result
        }
        if let failure { throw StoreError(failure, label: label, while: action) }
        guard let last else { throw lost(action) }
        return last
    }

    // MARK: Statements

    /// Runs a script of any number of statements in one round trip; it is one transaction unless it says otherwise.
    ///
    /// - Returns: The last statement's result, as text.
    @discardableResult
    package func execute(_ sql: String) throws -> QueryResult {
        guard PQsendQuery(try handle, sql) == 1 else { throw lost("send a statement") }
        return try finishStatement("run a statement")
    }

    /// Runs one statement with parameters.
    ///
    /// - Parameter binary: Asks for the result's values in binary instead of as text.
    @discardableResult
    package func query(_ sql: String, _ parameters: [Parameter] = [], binary: Bool = false) throws -> QueryResult {
        let handle = try handle
        let sent = Self.withParameters(parameters) { count, types, values, lengths, formats in
            PQsendQueryParams(handle, sql, count, types, values, lengths, formats, binary ? 1 : 0)
        }
        guard sent == 1 else { throw lost("send a statement") }
        return try finishStatement("run a statement")
    }

    // MARK: Pipelines

    /// Runs statements one after the other in one round trip (libpq's pipeline mode). Without `BEGIN` among them they are one transaction.
    ///
    /// - Returns: A result for each.
    /// - Throws: The error of the first that fails, after the server has skipped the rest.
    @discardableResult
    package func pipeline(_ commands: [Command]) throws -> [QueryResult] {
        try pipeline { for command in commands { try send(command) } }
    }

    /// Runs the statements that `body` sends with ``send(_:)-(Command)``, as ``pipeline(_:)-([Command])`` does: the server is at work on
    /// the first ones while `body` makes the next.
    ///
    /// - Throws: What `body` throws, too, when the server has done what it was sent.
    package func pipeline(_ body: () throws -> Void) throws -> [QueryResult] {
        sent = SentCommands()
        var problem: (any Error)?
        do {
            try body()
        } catch {
            problem = error
        }
        let sent = sent
        if !sent.arePreparations.isEmpty, isOpen {
            let handle = try handle
            guard PQpipelineSync(handle) == 1 else { throw lost("end a pipeline") }
            do {
                let results = try takePipeline(sent.arePreparations)
                guard PQexitPipelineMode(handle) == 1 else { throw lost("end a pipeline") }
                if problem == nil { return results }
            } catch let error as StoreError where isOpen {
                // What failed before it was prepared is not there to be used again.
                for sql in sent.fresh { kept[sql] = nil }
                guard PQexitPipelineMode(handle) == 1 else { throw lost("end a pipeline") }
                throw error
            }
        }
        if let problem { throw problem }
        return []
    }

    /// Sends a statement within ``pipeline(_:)-(()->Void)``.
    package func send(_ command: Command) throws {
        let handle = try handle
        if sent.arePreparations.isEmpty, PQenterPipelineMode(handle) != 1 { throw lost("begin a pipeline") }
        var name = ""
        if command.isKept {
            if let known = kept[command.sql] {
                name = known
            } else {
                lastName += 1
                name = "tally_\(lastName)"
                kept[command.sql] = name
                sent.fresh.append(command.sql)
                let types = command.parameters.map(\.type)
                guard PQsendPrepare(handle, name, command.sql, Int32(types.count), types) == 1 else {
                    throw lost("send a statement")
                }
                sent.arePreparations.append(true)
            }
        }
        let result = Self.withParameters(command.parameters) { count, types, values, lengths, formats in
            command.isKept
                ? PQsendQueryPrepared(handle, name, count, values, lengths, formats, 0)
                : PQsendQueryParams(handle, command.sql, count, types, values, lengths, formats, 0)
        }
        guard result == 1 else { throw lost("send a statement") }
        sent.arePreparations.append(false)
    }

    /// What was sent in a pipeline.
    private struct SentCommands {
        /// Of each, whether it only prepares a statement.
        var arePreparations: [Bool] = []
        /// The statements that were prepared.
        var fresh: [String] = []
    }

    private func takePipeline(_ arePreparations: [Bool]) throws -> [QueryResult] {
        var results: [QueryResult] = []
        var failure: PostgresError?
        for isPreparation in arePreparations {
            while let result = try nextResult() {
                switch result.status {
                case PGRES_PIPELINE_ABORTED: break
                case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE, PGRES_NONFATAL_ERROR: failure = failure ?? result.error
                default: if !isPreparation { results.append(result) }
                }
            }
            if !isOpen { throw lost("run a pipeline") }
        }
        guard let end = try nextResult(), end.status == PGRES_PIPELINE_SYNC else { throw lost("run a pipeline") }
        if let failure { throw StoreError(failure, label: label, while: "run a statement") }
        return results
    }

    /// Lends parameters to libpq: types, values, lengths and formats as it wants them, for the length of `body`.
    private static func withParameters<Result>(
        _ parameters: [Parameter],
        _ body: (
            Int32, UnsafePointer<Oid>?, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?,
            UnsafePointer<Int32>?
        ) -> Result
    ) -> Result {
        guard !parameters.isEmpty else { return body(0, nil, nil, nil, nil) }
        let size = parameters.reduce(0) { $0 + ($1.bytes?.count ?? 0) + 1 }
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 1) { memory in
            var values: [UnsafePointer<CChar>?] = []
            values.reserveCapacity(parameters.count)
            var place = memory.baseAddress!
            for parameter in parameters {
                guard let bytes = parameter.bytes else {
                    values.append(nil)
                    continue
                }
                values.append(UnsafePointer(place.assumingMemoryBound(to: CChar.self)))
                bytes.withUnsafeBytes {
                    if let start = $0.baseAddress { place.copyMemory(from: start, byteCount: $0.count) }
                }
                // Values in text form end with a zero.
                place.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
                place += bytes.count + 1
            }
            return body(
                Int32(parameters.count),
                parameters.map(\.type),
                values,
                parameters.map { Int32($0.bytes?.count ?? 0) },
                parameters.map { $0.isBinary ? 1 : 0 }
            )
        }
    }
}
