import Synchronization
import TallyModel
import Threading

/// Connections beside a session's own that write chunks of a load, so that a table is copied in by more than one process
/// of the server.
final class LoadLanes: Sendable {
    private struct State {
        var idle: [LoadLane] = []
        var all: [LoadLane] = []
    }

    private let state = Mutex(State())
    private let make: @Sendable () -> LoadLane

    init(_ options: ConnectionOptions, flow: String, runner: Runner, marks: SequenceMarks) {
        make = { LoadLane(options, flow: flow, runner: runner, marks: marks) }
    }

    /// Writes one chunk in a transaction of its own. Any number of calls may come at once; each takes a connection.
    func load(_ chunk: Chunk) async throws -> ApplyOutcome {
        let lane = state.withLock { state in
            if let lane = state.idle.popLast() { return lane }
            let lane = make()
            state.all.append(lane)
            return lane
        }
        defer { state.withLock { $0.idle.append(lane) } }
        return try await lane.load(chunk)
    }

    func close() async {
        let lanes = state.withLock { $0.all }
        for lane in lanes { await lane.close() }
    }
}

/// One connection that writes chunks of a load, each in a transaction of its own; connects when it is needed.
actor LoadLane {
    private let thread = DatabaseThread(name: "tally-target-load")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private nonisolated let interrupter = Interrupter()

    private let options: ConnectionOptions
    private let flow: String
    private let runner: Runner
    private let marks: SequenceMarks
    private var target: TargetConnection?
    private var writer: TableWriter?

    init(_ options: ConnectionOptions, flow: String, runner: Runner, marks: SequenceMarks) {
        (self.options, self.flow, self.runner, self.marks) = (options, flow, runner, marks)
    }

    func load(_ chunk: Chunk) async throws -> ApplyOutcome {
        try await withTaskCancellationHandler {
            do {
                return try write(chunk)
            } catch {
                // What is open is given up, and the next chunk finds a connection without a past.
                close()
                throw error
            }
        } onCancel: {
            interrupter.trigger()
        }
    }

    private func write(_ chunk: Chunk) throws -> ApplyOutcome {
        let target = try opened()
        target.begin()
        target.protect()
        let writer = try writer(for: chunk.schema, target)
        var chunkWriter = ChunkWriter(chunk, to: target, writer)
        let outcome = try chunkWriter.write(.add)
        target.keep()
        do {
            _ = try target.commit([CheckpointTable.advance(flow, to: nil, by: runner)])
        } catch let error as StoreError where CheckpointTable.isRefusal(error) {
            throw RunnerClaim.fenced(flow, options.label)
        }
        marks.add(writer.takeMarks())
        return outcome
    }

    private func writer(for schema: TableSchema, _ target: TargetConnection) throws -> TableWriter {
        if let writer, writer.schema == schema { return writer }
        guard let table = try TargetTableReader(target.ready()).table(schema.name) else {
            throw StoreError(.missingTable, "\(options.label) has no table \(schema.name)", table: schema.name)
        }
        let writer = try TableWriter(schema, in: table)
        self.writer = writer
        return writer
    }

    private func opened() throws -> TargetConnection {
        if let target, target.connection.isOpen { return target }
        close()
        interrupter.clear()
        let target = try TargetConnection(options, flow: flow, interrupter: interrupter)
        // By this whoever takes the flow sees that there is one, and ends it.
        try target.connection.execute("SELECT pg_advisory_lock_shared(\(RunnerClaim.laneKey(of: flow).number))")
        self.target = target
        return target
    }

    func close() {
        writer = nil
        target?.close()
        target = nil
    }
}
