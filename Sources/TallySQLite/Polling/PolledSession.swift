import Foundation
import SQLite
package import TallyModel
import Threading

/// The stream of a SQLite file that is asked now and then which rows moved on: capture by timestamp or by version.
///
/// Every row read is sent as an update, or as a delete where a column of the row says so. One poll is one batch.
/// `docs/sqlite.md` says what polling cannot see.
package actor PolledSession: SourceSession {
    private let thread = DatabaseThread(name: "tally-poll")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package private(set) var sourceID = ""
    package private(set) var start = Position(order: 0)
    package private(set) var tables: [TableSchema] = []
    package nonisolated var loadWidth: Int { 1 }

    private let request: CaptureRequest
    private let file: SourceFile
    private let clock: any Clock<Duration>
    /// The time since the session was made.
    private let elapsed: @Sendable () -> Duration
    private let now: WallClock
    private let structure: PolledStructure
    private let orders: PollOrders
    private let loader: PolledLoader
    private var poller: Poller?
    private var events: [StreamEvent] = []
    private var nextPoll: Duration = .zero
    /// When a poll that somebody waits for may come ahead of its time.
    private var nextOwedPoll: Duration = .zero
    private var nextSweep: Duration?

    /// Opens the stream of the file at `path`.
    ///
    /// Writes nothing to the file but its identity, and not even that where the file cannot be written.
    ///
    /// - Throws: ``StoreError``: `incompatibleSchema` when a selected table cannot be polled; `sourceReplaced`,
    ///   `historyLost` or `historyWentBackwards` when the stream cannot go on from the checkpoint.
    package static func open(
        path: String,
        request: CaptureRequest,
        observer: MilestoneObserver? = nil,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping WallClock = systemClock
    ) async throws -> any SourceSession {
        let session = PolledSession(request, file: try SourceFile(path), clock: clock, now: now)
        try await session.begin(observer)
        return session
    }

    /// What is wrong with polling the file at `path`, and what polling it will not see. Changes nothing.
    package static func inspect(
        path: String,
        request: CaptureRequest,
        now: @escaping WallClock = systemClock
    ) async throws -> [Finding] {
        try await PolledInspector().findings(path: path, request: request, now: now())
    }

    /// The clock of the system.
    package static let systemClock: WallClock = {
        Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    private init(_ request: CaptureRequest, file: SourceFile, clock: any Clock<Duration>, now: @escaping WallClock) {
        self.request = request
        self.file = file
        self.clock = clock
        self.now = now
        elapsed = Self.stopwatch(clock)
        structure = PolledStructure(request.tables)
        orders = PollOrders(after: request.checkpoint?.position.order ?? 0, now: now)
        loader = PolledLoader(file, request.capture, structure: structure, orders: orders)
        nextSweep = request.capture.sweep
    }

    private func begin(_ observer: MilestoneObserver?) throws {
        let poller = try Poller(
            request,
            observer: observer,
            file: file,
            structure: structure,
            orders: orders,
            now: now,
            elapsed: elapsed
        )
        sourceID = poller.sourceID
        start = poller.start
        tables = poller.schemas
        events = poller.opening
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
        while true {
            try Task.checkCancellation()
            if !events.isEmpty { return events.removeFirst() }
            guard let poller else { throw StoreError(.unsupported, "\(file.path): the session was closed") }
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
                try pollOrSkip(poller, at: time)
            } else {
                try await clock.sleep(for: pause(at: time))
            }
        }
    }

    /// Begins a poll, unless nobody wrote and nobody waits.
    private func pollOrSkip(_ poller: Poller, at time: Duration) throws {
        let interval = max(request.capture.poll, Self.leastInterval)
        nextPoll = time + interval
        nextOwedPoll = time + min(interval, .seconds(1))
        try file.checkIsInPlace()
        if try orders.isOwing || poller.hasNews() { events = try poller.begin() }
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
        try poller?.tablesWithRows() ?? []
    }

    // MARK: Loads

    package nonisolated func rowCount(of table: TableSchema) async throws -> Int {
        try await loader.rowCount(of: table)
    }

    package nonisolated func ranges(of table: TableSchema) async throws -> [KeyRange] { [.all] }

    package nonisolated func chunk(
        of table: TableName,
        in range: KeyRange,
        limit: ByteCount
    ) async throws -> Chunk {
        try await loader.chunk(of: table, in: range, limit: limit)
    }

    // MARK: The end

    /// Nothing to do: a polled source keeps nothing for its readers.
    package nonisolated func acknowledge(_ position: Position) async throws {}

    package func close() async {
        poller = nil
        await loader.close()
    }
}
