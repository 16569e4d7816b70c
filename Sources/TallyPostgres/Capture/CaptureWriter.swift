import Threading
import TallyModel

/// All that a flow writes to its source: capture, its place in the list of flows, and the removal of captured rows.
actor CaptureWriter {
    private let thread = DatabaseThread(name: "tally-capture")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Acknowledgements that come faster than this are put together.
    private static let pause = Duration.milliseconds(250)

    private let options: ConnectionOptions
    private let consumer: Consumer
    private let observer: MilestoneObserver?
    private var connection: PostgresConnection?
    private var pending: Position?
    private var lastRemoval: ContinuousClock.Instant?

    init(_ options: ConnectionOptions, consumer: Consumer, observer: MilestoneObserver?) {
        self.options = options
        self.consumer = consumer
        self.observer = observer
    }

    // MARK: Capture

    /// Registers the flow and installs what capture needs.
    ///
    /// - Parameter order: The order of the position where a stream begins that has no checkpoint.
    func open(_ request: CaptureRequest, order: @Sendable () -> UInt64) throws -> (sourceID: String, start: Position) {
        let connection = try connected()
        let sourceID = try SourceIdentity.read(in: connection)
        let flow = consumer.flow
        if let checkpoint = request.checkpoint {
            try SourceIdentity.verify(checkpoint, is: sourceID, label: connection.label)
            _ = try CaptureHistory.verify(checkpoint.position, flow: flow, in: connection)
        }
        try connection.transaction {
            try connection.execute("SET LOCAL lock_timeout = '3s'; SET LOCAL synchronous_commit = on")
            try CaptureTables.takeTurn(in: connection)
            try CaptureTables.create(in: connection)
            try Consumers.checkName(of: consumer, among: Consumers.all(in: connection), label: connection.label)
            try Consumers.register(
                consumer,
                selection: request.tables,
                acknowledged: request.checkpoint?.position,
                in: connection
            )
            _ = try Self.settle(in: connection)
            observer?(.captureInstalling)
        }
        if let checkpoint = request.checkpoint { return (sourceID, checkpoint.position) }
        // From a snapshot after everything was installed: what it does not see was captured.
        return try connection.transaction("ISOLATION LEVEL REPEATABLE READ") {
            let detail = try CaptureHistory.latest(in: connection).detail
            let start = Position(order: order(), detail: detail)
            try Consumers.acknowledge(start, flow: flow, in: connection)
            return (sourceID, start)
        }
    }

    /// Brings capture in line with the tables, if it is not.
    ///
    /// - Returns: What ``StructureCheck`` says when it is.
    func review() throws -> String {
        let connection = try connected()
        return try connection.transaction {
            // Whoever waits for a lock on a table keeps everybody waiting who comes later.
            try connection.execute("SET LOCAL lock_timeout = '500ms'; SET LOCAL synchronous_commit = on")
            try CaptureTables.takeTurn(in: connection)
            let check = try Self.settle(in: connection)
            observer?(.captureInstalling)
            return check
        }
    }

    private static func settle(in connection: PostgresConnection) throws -> String {
        for _ in 0..<10 {
            if case .settled(let check) = try CaptureReview.run(in: connection) { return check }
        }
        throw StoreError(.busy, "\(connection.label): tables change their structure again and again; Tally tries again")
    }

    // MARK: Acknowledgement

    func acknowledge(_ position: Position) throws {
        if let pending, pending >= position { return }
        pending = position
        if let lastRemoval, ContinuousClock.now - lastRemoval < Self.pause { return }
        try settle()
    }

    /// Writes down an acknowledgement that waits, and removes the rows that no flow needs any more.
    func settle() throws {
        guard let position = pending else { return }
        let connection = try connected()
        lastRemoval = .now
        var removed = try connection.transaction {
            try Consumers.acknowledge(position, flow: consumer.flow, in: connection)
            return try removeRows(connection)
        }
        pending = nil
        while removed >= CapturedRowRemoval.step { removed = try connection.transaction { try removeRows(connection) } }
    }

    private func removeRows(_ connection: PostgresConnection) throws -> Int {
        let count = try CapturedRowRemoval.removeSome(from: connection)
        if count > 0 { observer?(.capturedRowsRemoved) }
        return count
    }

    // MARK: The end

    /// Takes the flow off the list, and with the last flow, or the last that wants a table, what captures it.
    func remove() throws {
        let connection = try connected()
        try connection.transaction {
            try connection.execute("SET LOCAL lock_timeout = '10s'; SET LOCAL synchronous_commit = on")
            try CaptureTables.takeTurn(in: connection)
            guard try CaptureTables.exist(in: connection) else { return }
            try Consumers.unregister(consumer.flow, in: connection)
            if try Consumers.all(in: connection).isEmpty {
                for shape in try ShapeStore.all(in: connection) where shape.until == nil {
                    try TriggerScript.drop(shape.relation, in: connection)
                }
                try CaptureTables.drop(in: connection)
            } else {
                _ = try Self.settle(in: connection)
            }
        }
    }

    func close() {
        connection?.close()
        connection = nil
    }

    private func connected() throws -> PostgresConnection {
        if let connection, connection.isOpen { return connection }
        let opened = try PostgresConnection(options, application: "tally \(consumer.flow) capture")
        // A lost acknowledgement is only repeated.
        try opened.execute("SET synchronous_commit = off; SET enable_seqscan = off; SET client_min_messages = warning")
        connection = opened
        return opened
    }
}

extension PostgresConnection {
    /// Runs `body` in a transaction of its own, which is undone where it throws.
    func transaction<Result>(_ mode: String = "", _ body: () throws -> Result) throws -> Result {
        try execute("BEGIN \(mode)")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            if isOpen, isInTransaction { try execute("ROLLBACK") }
            throw error
        }
    }
}
