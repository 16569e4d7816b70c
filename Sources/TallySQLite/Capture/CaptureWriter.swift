import SQLite
import TallyModel
import Threading

/// All that a flow writes to its source: capture, its place in the list of flows, and the removal of captured rows.
///
/// Transactions are short, for they keep the source's own writers waiting.
actor CaptureWriter {
    private let thread = DatabaseThread(name: "tally-capture")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Acknowledgements that come faster than this are put together.
    private static let pause = Duration.milliseconds(250)

    private let file: SourceFile
    private let consumer: Consumer
    private let observer: MilestoneObserver?
    private var connection: Connection?
    private var isWAL = false
    private var pending: Int64?
    private var lastRemoval: ContinuousClock.Instant?

    init(file: SourceFile, consumer: Consumer, observer: MilestoneObserver?) {
        self.file = file
        self.consumer = consumer
        self.observer = observer
    }

    // MARK: Capture

    /// Registers the flow and installs what capture needs.
    ///
    /// - Returns: The source's identity and where the stream begins.
    func open(_ request: CaptureRequest) throws -> (sourceID: String, start: Position) {
        let connection = try prepared(isDurable: true, patience: .seconds(2))
        return try connection.transaction(.immediate) {
            if let checkpoint = request.checkpoint {
                try History.verify(checkpoint, of: consumer.flow, in: connection)
            }
            try CaptureTables.create(in: connection)
            let sourceID = try StoreIdentity.ensure(in: connection)
            try Consumers.checkName(of: consumer, among: Consumers.all(in: connection), in: connection)
            // Until the review has run, a flow that starts afresh vouches for no row of the log.
            try register(request, at: request.checkpoint.map { Int64(clamping: $0.position.order) } ?? 0, connection)
            try CaptureReview.run(soundUntil: 0, in: connection)
            observer?(.captureInstalling)
            if let checkpoint = request.checkpoint { return (sourceID, checkpoint.position) }
            let last = try History.lastSequence(in: connection)
            try register(request, at: last, connection)
            return (sourceID, try History.position(at: last, in: connection))
        }
    }

    /// Brings capture in line with the file's structure, if that changed since somebody last did.
    ///
    /// - Parameter soundUntil: See ``CaptureReview/run(soundUntil:in:)``.
    func review(soundUntil: Int64) throws {
        let connection = try prepared(isDurable: true, patience: .milliseconds(500))
        try connection.transaction(.immediate) {
            let handled = try CaptureTables.handledSchemaVersion(in: connection)
            guard try CaptureTables.schemaVersion(in: connection) != handled else { return }
            try CaptureReview.run(soundUntil: soundUntil, in: connection)
            observer?(.captureInstalling)
        }
    }

    private func register(_ request: CaptureRequest, at acknowledged: Int64, _ connection: Connection) throws {
        try Consumers.register(consumer, selection: request.tables, acknowledged: acknowledged, in: connection)
    }

    // MARK: Acknowledgement

    func acknowledge(_ position: Position) throws {
        pending = max(pending ?? 0, Int64(clamping: position.order))
        if let lastRemoval, ContinuousClock.now - lastRemoval < Self.pause { return }
        try settle()
    }

    /// Writes down an acknowledgement that waits, and removes the rows that no flow needs any more.
    ///
    /// While another process holds the write lock this leaves it for the next time.
    func settle() throws {
        guard let sequence = pending else { return }
        lastRemoval = .now
        do {
            let connection = try prepared(isDurable: false, patience: .milliseconds(100))
            try connection.transaction(.immediate) {
                try Consumers.acknowledge(sequence, flow: consumer.flow, in: connection)
                _ = try removeRows(connection)
            }
            pending = nil
            while try connection.transaction(.immediate, { try removeRows(connection) }) >= LogRemoval.step {}
        } catch let error as StoreError where error.code == .busy {
            return
        }
    }

    private func removeRows(_ connection: Connection) throws -> Int64 {
        let count = try LogRemoval.removeSome(from: connection)
        if count > 0 { observer?(.capturedRowsRemoved) }
        return count
    }

    // MARK: The end

    /// Takes the flow off the list, and with the last flow, or the last that wants a table, what captures it.
    func remove() throws {
        let connection = try prepared(isDurable: true, patience: .seconds(2))
        // A file that was only read may not even take a transaction.
        let traces = try connection.first("SELECT 1 FROM sqlite_schema WHERE name LIKE '\\_tally\\_%' ESCAPE '\\'")
        guard traces != nil else { return }
        try connection.transaction(.immediate) {
            try PolledReaders.remove(consumer.flow, in: connection)
            guard try CaptureTables.exist(in: connection) else { return try StoreIdentity.dropIfUnused(in: connection) }
            try Consumers.unregister(consumer.flow, in: connection)
            if try Consumers.all(in: connection).isEmpty {
                try InstalledTriggers.dropAll(in: connection)
                try CaptureTables.drop(in: connection)
            } else {
                try CaptureReview.run(soundUntil: 0, in: connection)
            }
        }
    }

    func close() {
        connection?.close()
        connection = nil
    }

    private func prepared(isDurable: Bool, patience: Duration) throws -> Connection {
        try file.checkIsInPlace()
        let connection = try self.connection ?? file.connect(.readWrite)
        if self.connection == nil {
            isWAL = try connection.first("PRAGMA journal_mode")?.first == .text("wal")
            // Where the library was built to overwrite what is deleted (Debian's is), pages that are given up would be
            // written for that alone; FAST overwrites only what is written anyway. It concerns Tally's own tables.
            try connection.execute("PRAGMA secure_delete = FAST")
            self.connection = connection
        }
        // A lost acknowledgement is only repeated; a lost installation would take the flow's history with it. In
        // rollback-journal mode anything below FULL could damage the file.
        try connection.execute("PRAGMA synchronous = \(isDurable || !isWAL ? "FULL" : "NORMAL")")
        try connection.execute("PRAGMA busy_timeout = \(Int(patience / .milliseconds(1)))")
        return connection
    }
}
