import Foundation
import Synchronization
import TallyModel

/// One flow's log as it is read by a thread of its own, from opening to closing.
final class ReplicationStream: Sendable {
    struct Opened: Sendable {
        var sourceID: String
        var timeline: String
        var start: Position
        var tables: [TableSchema]
    }

    private struct Ending {
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let signals: StreamSignals
    private let handover: Handover
    let captured = CapturedTables()
    private let ending = Mutex(Ending())

    private init() {
        let signals = StreamSignals()
        self.signals = signals
        handover = Handover { signals.bell.trigger() }
    }

    static func open(
        _ options: ConnectionOptions,
        request: CaptureRequest,
        context: LogContext
    ) async throws -> (ReplicationStream, Opened) {
        let stream = ReplicationStream()
        let opened = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                stream.start(options, request, context) { continuation.resume(with: $0) }
            }
        } onCancel: {
            stream.signals.stop()
        }
        return (stream, opened)
    }

    private func start(
        _ options: ConnectionOptions,
        _ request: CaptureRequest,
        _ context: LogContext,
        opened: @escaping @Sendable (Result<Opened, any Error>) -> Void
    ) {
        let thread = Thread { [self] in
            // libpq's objects and the decoder live and die here.
            let worker = StreamWorker(
                options,
                request: request,
                context: context,
                signals: signals,
                handover: handover,
                captured: captured
            )
            do {
                let start = try worker.open()
                signals.acknowledge(start.start.order)
                opened(.success(start))
                worker.run()
            } catch {
                opened(.failure(error))
            }
            worker.close()
            let waiting = ending.withLock { ending in
                ending.hasEnded = true
                defer { ending.waiting = [] }
                return ending.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
        thread.name = "tally-stream"
        thread.stackSize = 1 << 20
        thread.start()
    }

    func next() async throws -> StreamEvent { try await handover.next() }

    func acknowledge(_ position: Position) { signals.acknowledge(position.order) }

    /// Has the stream say soon that it has passed `position`, even if nothing else is written.
    func want(_ position: Position) { signals.want(position.order) }

    /// Returns when the thread has ended and the slot is free for others.
    func close() async {
        signals.stop()
        handover.fail(CancellationError())
        await withCheckedContinuation { continuation in
            let hasEnded = ending.withLock { ending in
                if !ending.hasEnded { ending.waiting.append(continuation) }
                return ending.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
