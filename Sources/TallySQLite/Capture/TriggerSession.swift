import SQLite
package import TallyModel
import Threading

/// A flow's stream of what the triggers captured, with reads of tables beside it.
///
/// Three connections on three threads: this one reads the log, ``CaptureWriter`` writes, ``TableLoader`` reads tables.
package actor TriggerSession: SourceSession {
    private let thread = DatabaseThread(name: "tally-stream")
    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    package nonisolated let sourceID: String
    package nonisolated let start: Position
    package nonisolated let loadWidth = 1

    private let file: SourceFile
    private let writer: CaptureWriter
    private let loader: TableLoader
    private let watch: CommitWatch
    private var reader: LogReader
    private var connection: Connection?
    private var startTables: [TableSchema] = []
    private var waiting: [StreamEvent] = []

    package static func open(
        path: String,
        request: CaptureRequest,
        observer: MilestoneObserver?,
        sliceLimit: ByteCount = .kibibytes(512)
    ) async throws -> TriggerSession {
        let file = try SourceFile(path)
        let writer = CaptureWriter(file: file, consumer: request.consumer, observer: observer)
        let opened = try await writer.open(request)
        let session = TriggerSession(
            file: file,
            writer: writer,
            sourceID: opened.sourceID,
            reader: LogReader(
                selection: request.tables,
                start: opened.start,
                sliceLimit: sliceLimit,
                group: request.group
            ),
            start: opened.start
        )
        try await session.begin()
        return session
    }

    private init(file: SourceFile, writer: CaptureWriter, sourceID: String, reader: LogReader, start: Position) {
        self.file = file
        self.writer = writer
        self.sourceID = sourceID
        self.reader = reader
        self.start = start
        loader = TableLoader(file: file)
        watch = CommitWatch(path: file.path)
    }

    private func begin() throws {
        // A short patience: whoever holds the lock will be noticed when done, and until then this can be cancelled.
        let connection = try file.connect(.readWrite, busyTimeout: .milliseconds(50))
        self.connection = connection
        try reader.reload(from: connection)
        startTables = reader.currentTables
    }

    package var tables: [TableSchema] { startTables }

    // MARK: Stream

    package func next() async throws -> StreamEvent {
        while true {
            try Task.checkCancellation()
            if !waiting.isEmpty { return waiting.removeFirst() }
            switch try step() {
            case .events(let events):
                watch.settle()
                waiting = events
            case .nothing:
                if try await watch.wait() == .idle { try await writer.settle() }
            case .structureChanged:
                if try await !review() { _ = try await watch.wait() }
            }
        }
    }

    package func latest() async throws -> Position {
        while true {
            let connection = try opened()
            let position: Position? = try connection.transaction(.deferred) {
                // What a review is still to log belongs to what was committed.
                let handled = try CaptureTables.handledSchemaVersion(in: connection)
                guard try CaptureTables.schemaVersion(in: connection) == handled else { return nil }
                return try History.position(at: History.lastSequence(in: connection), in: connection)
            }
            if let position { return position }
            if try await !review() { _ = try await watch.wait() }
        }
    }

    package func acknowledge(_ position: Position) async throws {
        try await writer.acknowledge(position)
    }

    private func step() throws -> LogReader.Step {
        do {
            return try reader.step(opened())
        } catch let error as StoreError where error.code == .busy {
            return .nothing
        }
    }

    /// - Returns: Whether it could be done; not while another process holds the write lock.
    private func review() async throws -> Bool {
        do {
            try await writer.review(soundUntil: reader.cursor)
            try reader.reload(from: opened())
            return true
        } catch let error as StoreError where error.code == .busy {
            return false
        }
    }

    private func opened() throws -> Connection {
        guard let connection else { throw StoreError(.unreachable, "\(file.path): the stream is closed") }
        try file.checkIsInPlace()
        return connection
    }

    // MARK: Loads

    package func rowCount(of table: TableSchema) async throws -> Int {
        try await loader.rowCount(of: table.name)
    }

    package func ranges(of table: TableSchema) async throws -> [KeyRange] { [.all] }

    package func chunk(of table: TableName, in range: KeyRange, limit: ByteCount) async throws -> Chunk {
        while true {
            if let chunk = try await loader.chunk(of: table, in: range, limit: limit) { return chunk }
            if try await !review() { _ = try await watch.wait() }
        }
    }

    package func close() async {
        watch.close()
        // An acknowledgement that cannot be written now comes again with the next run.
        do { try await writer.settle() } catch {}
        await writer.close()
        await loader.close()
        connection?.close()
        connection = nil
    }
}
