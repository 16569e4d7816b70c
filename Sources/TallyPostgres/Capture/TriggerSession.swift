import Threading
package import TallyModel

/// A flow's stream of what the triggers captured, with reads of tables beside it.
///
/// This actor's connection reads the log, ``CaptureWriter`` writes, ``TableLoads`` reads tables.
package actor TriggerSession: SourceSession {
    private let thread = DatabaseThread(name: "tally-stream")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// How often tables are looked for that are new.
    private static let lookout = Duration.seconds(2)

    package nonisolated let sourceID: String
    package nonisolated let start: Position
    package nonisolated var loadWidth: Int { TableLoads.width }

    private let writer: CaptureWriter
    private let loads: TableLoads
    private let orders: PollOrders
    private let reader: LogReader
    private let known: KnownTables
    private let sleeper: Sleeper
    private let interrupter = Interrupter()
    private let options: ConnectionOptions
    private let flow: String
    private var connection: PostgresConnection?
    private var startTables: [TableSchema] = []
    private var waiting: [StreamEvent] = []
    private var lastLookout = ContinuousClock.now
    /// What ``StructureCheck`` said of the tables before the last review of them.
    private var tableCheck = ""

    static func open(
        _ options: ConnectionOptions,
        _ request: CaptureRequest,
        observer: MilestoneObserver?,
        now: @escaping WallClock,
        sliceLimit: ByteCount
    ) async throws -> TriggerSession {
        let writer = CaptureWriter(options, consumer: request.consumer, observer: observer)
        let orders = PollOrders(after: request.checkpoint?.position.order ?? 0, now: now)
        do {
            let opened = try await writer.open(request) {
                let order = orders.begin().order
                orders.end(at: order)
                return order
            }
            guard let detail = CapturePosition(detail: opened.start.detail) else {
                throw StoreError(.damaged, "\(options.label): the position \(opened.start) says nothing of the log")
            }
            let reader = LogReader(selection: request.tables, start: detail, orders: orders, sliceLimit: sliceLimit)
            let session = TriggerSession(options, request, writer, orders, reader, opened.sourceID, opened.start)
            try await session.begin()
            return session
        } catch {
            await writer.close()
            throw error
        }
    }

    private init(
        _ options: ConnectionOptions,
        _ request: CaptureRequest,
        _ writer: CaptureWriter,
        _ orders: PollOrders,
        _ reader: sending LogReader,
        _ sourceID: String,
        _ start: Position
    ) {
        (self.options, self.writer, self.orders, self.reader) = (options, writer, orders, reader)
        (self.sourceID, self.start) = (sourceID, start)
        flow = request.consumer.flow
        let sleeper = Sleeper()
        let known = KnownTables()
        self.sleeper = sleeper
        self.known = known
        loads = TableLoads(options, known: { known.table($0) }) { [orders] _ in
            defer { sleeper.wake() }
            return Position(order: orders.promise())
        }
    }

    private func begin() async throws {
        let connection = try PostgresConnection(
            options,
            application: "tally \(flow) stream",
            interrupter: interrupter
        )
        try connection.execute(
            "SET enable_seqscan = off; SET client_min_messages = warning; LISTEN \(CaptureTables.channel); "
                + RowSecurity.refusing
        )
        self.connection = connection
        tableCheck = try connection.execute(StructureCheck.tables).text(0, 0) ?? ""
        try reader.reload(check: await writer.review(), from: connection)
        let tables = reader.tables
        known.set(tables.values.map(\.table))
        startTables = tables.values.map(\.schema).sorted { $0.name < $1.name }
        // Chunks of an earlier run may name positions ahead of the checkpoint; the first poll passes them.
        _ = orders.promise()
    }

    package var tables: [TableSchema] { startTables }

    // MARK: The stream

    package func next() async throws -> StreamEvent {
        try await withTaskCancellationHandler {
            while true {
                try Task.checkCancellation()
                if !waiting.isEmpty { return waiting.removeFirst() }
                let connection = try opened()
                if reader.isReading {
                    waiting = try reader.slice(from: connection)
                    if !reader.isReading { known.set(reader.tables.values.map(\.table)) }
                    continue
                }
                try await lookOut(connection)
                switch try reader.poll(connection, rise: { try sleeper.rise(connection) }) {
                case .events(let events): waiting = events
                case .nothing:
                    if try sleeper.rest(connection) { try await writer.settle() }
                case .structureChanged:
                    if try await !review() { try sleeper.rest(connection) }
                }
            }
        } onCancel: {
            interrupter.trigger()
        }
    }

    /// Sees now and then whether there are tables that the flow wants and that are not captured.
    private func lookOut(_ connection: PostgresConnection) async throws {
        let now = ContinuousClock.now
        guard now - lastLookout >= Self.lookout else { return }
        lastLookout = now
        let check = try connection.execute(StructureCheck.tables).text(0, 0) ?? ""
        if check != tableCheck, try await review() { tableCheck = check }
    }

    /// - Returns: Whether it could be done; not while a transaction keeps a table that is to be captured.
    private func review() async throws -> Bool {
        do {
            let check = try await writer.review()
            try reader.reload(check: check, from: opened())
            return true
        } catch let error as StoreError where error.code == .busy {
            return false
        }
    }

    package nonisolated func latest() async throws -> Position {
        defer { sleeper.wake() }
        return Position(order: orders.promise())
    }

    package nonisolated func acknowledge(_ position: Position) async throws {
        try await writer.acknowledge(position)
    }

    private func opened() throws -> PostgresConnection {
        guard let connection else { throw StoreError(.unreachable, "\(options.label): the stream is closed") }
        return connection
    }

    // MARK: Loads

    package nonisolated func rowCount(of table: TableSchema) async throws -> Int {
        try await loads.rowCount(of: table)
    }

    package nonisolated func ranges(of table: TableSchema) async throws -> [KeyRange] {
        try await loads.ranges(of: table)
    }

    package nonisolated func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        try await loads.chunk(of: table, in: range, limit: limit)
    }

    package func close() async {
        // An acknowledgement that cannot be written now comes again with the next run.
        do { try await writer.settle() } catch {}
        await writer.close()
        await loads.close()
        connection?.close()
        connection = nil
    }
}
