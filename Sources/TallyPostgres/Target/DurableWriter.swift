import TallyModel
import Threading

/// Sees to it that what was committed survives a loss of power, and that sequences are ahead of the rows, on a
/// connection and a thread of its own.
///
/// The connection is made before anything is read or committed that it is to vouch for, and never made again: a server that
/// crashed and came back may have lost commits, and only the end of every connection tells that it did.
actor DurableWriter {
    private let thread = DatabaseThread(name: "tally-target-durable")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let options: ConnectionOptions
    private let application: String
    private nonisolated let interrupter = Interrupter()
    private let marks: SequenceMarks
    private var connection: PostgresConnection?

    init(_ options: ConnectionOptions, flow: String, marks: SequenceMarks) {
        self.options = options
        application = "tally \(flow) durability"
        self.marks = marks
    }

    /// Connects.
    func open() async throws {
        try await withTaskCancellationHandler {
            let connection = try PostgresConnection(options, application: application, interrupter: interrupter)
            try connection.execute("SET synchronous_commit = on; SET lock_timeout = '5s'")
            self.connection = connection
        } onCancel: {
            interrupter.trigger()
        }
    }

    /// Returns when every commit that had returned before the call is on the server's disk.
    func makeDurable() async throws {
        try await withTaskCancellationHandler {
            try write()
        } onCancel: {
            interrupter.trigger()
        }
    }

    private func write() throws {
        guard let connection else {
            throw StoreError(.unreachable, "\(options.label): the connection is closed; Tally tries again")
        }
        do {
            try advanceSequences(in: connection)
            // The log is written in order: when a record that was written after the commits is on disk, they are, too.
            try connection.pipeline([Command("SELECT pg_logical_emit_message(true, 'tally', '')")])
        } catch {
            close()
            throw error
        }
    }

    private func advanceSequences(in connection: PostgresConnection) throws {
        let due = marks.take()
        guard !due.isEmpty else { return }
        do {
            for (sequence, value) in due.sorted(by: { $0.key.sql < $1.key.sql }) {
                try sequence.advance(to: value, in: connection)
            }
        } catch {
            marks.add(due)
            throw error
        }
    }

    /// Ends a call that is waiting for the server, from any thread.
    nonisolated func interrupt() {
        interrupter.trigger()
    }

    func close() {
        connection?.close()
        connection = nil
    }
}
