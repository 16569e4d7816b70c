import Threading
package import TallyModel

/// The stream of a database that is asked now and then which rows moved on: capture by timestamp or by version.
///
/// Every row read is sent as an update, or as a delete where a column of the row says so. One poll is one batch.
/// `docs/postgres.md` says what polling cannot see. Nothing is written to the database.
package actor PolledSession: SourceSession {
    private let thread = DatabaseThread(name: "tally-poll")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package private(set) var sourceID = ""
    package private(set) var start = Position(order: 0)
    package private(set) var tables: [TableSchema] = []
    package nonisolated var loadWidth: Int { TableLoads.width }

    private let request: CaptureRequest
    private let options: ConnectionOptions
    private let clock: any Clock<Duration>
    /// The time since the session was made.
    private let elapsed: @Sendable () -> Duration
    private let orders: PollOrders
    private let loads: TableLoads
    private let known = KnownTables()
    private let interrupter = Interrupter()
    private var poller: Poller?
    private var events: [StreamEvent] = []
    private var nextPoll: Duration = .zero
    /// When a poll that somebody waits for may come ahead of its time.
    private var nextOwedPoll: Duration = .zero
    private var nextSweep: Duration?

    static func open(
        _ options: ConnectionOptions,
        _ request: CaptureRequest,
        clock: any Clock<Duration>,
        now: @escaping WallClock
    ) async throws -> PolledSession {
        let session = PolledSession(options, request, clock: clock, now: now)
        try await session.begin()
        return session
    }

    private init(
        _ options: ConnectionOptions,
        _ request: CaptureRequest,
        clock: any Clock<Duration>,
        now: @escaping WallClock
    ) {
        (self.options, self.request, self.clock) = (options, request, clock)
        elapsed = Self.stopwatch(clock)
        let orders = PollOrders(after: request.checkpoint?.position.order ?? 0, now: now)
        self.orders = orders
        loads = TableLoads(options, known: { [known] in known.table($0) }) { _ in
            // A poll that begins from here on sees all that the chunk saw.
            Position(order: orders.promise())
        }
        nextSweep = request.capture.sweep
    }

    private func begin() throws {
        let connection = try PostgresConnection(
            options,
            application: "tally \(request.consumer.flow) poll",
            interrupter: interrupter
        )
        try connection.execute(RowSecurity.refusing)
        let poller = try Poller(request, connection, orders: orders)
        (sourceID, start, tables, events) = (poller.sourceID, poller.start, poller.schemas, poller.opening)
        known.set(poller.known)
        self.poller = poller
        // Chunks of an earlier run may name positions ahead of the checkpoint; the first poll passes them.
        _ = orders.promise()
    }

    private static func stopwatch<C: Clock>(_ clock: C) -> @Sendable () -> Duration where C.Duration == Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    // MARK: The stream

    package func next() async throws -> StreamEvent {
        try await withTaskCancellationHandler {
            while true {
                try Task.checkCancellation()
                if !events.isEmpty { return events.removeFirst() }
                guard let poller else { throw StoreError(.unreachable, "\(options.label): the session was closed") }
                if poller.isPolling {
                    if let slice = try poller.slice() { return .slice(slice) }
                    continue
                }
                let time = elapsed()
                if let due = nextSweep, let interval = request.capture.sweep, time >= due {
                    nextSweep = time + max(interval, Self.leastInterval)
                    // A table without rows is left out: nothing is ever deleted because nothing was read.
                    let names = try poller.tablesWithRows()
                    if !names.isEmpty { return .sweepDue(names) }
                }
                if time >= nextPoll || orders.isOwing && time >= nextOwedPoll {
                    let interval = max(request.capture.poll, Self.leastInterval)
                    nextPoll = time + interval
                    nextOwedPoll = time + min(interval, .seconds(1))
                    events = try poller.begin()
                    known.set(poller.known)
                } else {
                    try await clock.sleep(for: pause(at: time))
                }
            }
        } onCancel: {
            interrupter.trigger()
        }
    }

    private func pause(at time: Duration) -> Duration {
        // Not for longer than a second, for somebody may come to wait for a poll meanwhile.
        max(.milliseconds(1), min(.seconds(1), nextPoll - time, nextSweep.map { $0 - time } ?? .seconds(1)))
    }

    private static let leastInterval = Duration.milliseconds(10)

    /// Asks for a poll that begins after this call, and returns where it will end.
    package nonisolated func latest() async throws -> Position {
        Position(order: orders.promise())
    }

    package func sweepable() async throws -> [TableName] {
        guard let poller else { return [] }
        // The poller's own connection may be in the middle of a poll.
        let connection = try PostgresConnection(options, application: "tally \(request.consumer.flow) sweep")
        defer { connection.close() }
        try connection.execute(RowSecurity.refusing)
        return try poller.tablesWithRows(on: connection)
    }

    // MARK: Loads

    package nonisolated func rowCount(of table: TableSchema) async throws -> Int {
        try await loads.rowCount(of: table)
    }

    package nonisolated func ranges(of table: TableSchema) async throws -> [KeyRange] {
        try await loads.ranges(of: table)
    }

    /// Rows that are marked as deleted are not in the chunk, so that a comparison deletes them.
    package nonisolated func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        var chunk = try await loads.chunk(of: table, in: range, limit: limit)
        if let mark = request.capture.softDelete.flatMap(chunk.schema.column(named:)) {
            chunk = try chunk.unpacked()
            chunk.rows.removeAll { SoftDelete.isSet($0.values[mark]) }
        }
        return chunk
    }

    // MARK: The end

    /// Nothing to do: a polled source keeps nothing for its readers.
    package nonisolated func acknowledge(_ position: Position) async throws {}

    package func close() async {
        poller = nil
        await loads.close()
    }
}
