import Synchronization
import TallyModel

/// Where the thread that reads the log leaves one event at a time for whoever takes them.
final class Handover: Sendable {
    private struct State {
        var event: StreamEvent?
        var failure: (any Error)?
        var taker: CheckedContinuation<StreamEvent, any Error>?
        /// Whether the reader waits for room.
        var isReaderWaiting = false
    }

    private let state = Mutex(State())
    private let wakeReader: @Sendable () -> Void

    /// - Parameter wakeReader: Called when there is room again for a reader that found none.
    init(wakeReader: @escaping @Sendable () -> Void) {
        self.wakeReader = wakeReader
    }

    // MARK: The reader

    /// Whether an event can be left. Where not, the reader is woken when it can.
    var hasRoom: Bool {
        state.withLock { state in
            state.isReaderWaiting = state.event != nil
            return state.event == nil
        }
    }

    func put(_ event: StreamEvent) {
        let taker = state.withLock { state -> CheckedContinuation<StreamEvent, any Error>? in
            if state.taker == nil { state.event = event }
            return state.taker.take()
        }
        taker?.resume(returning: event)
    }

    /// Ends the stream: what was left is taken first.
    func fail(_ error: any Error) {
        let taker = state.withLock { state in
            state.failure = state.failure ?? error
            return state.taker.take()
        }
        taker?.resume(throwing: error)
    }

    // MARK: The taker

    /// The next event; one call at a time.
    func next() async throws -> StreamEvent {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, wakes) = state.withLock { state -> (Result<StreamEvent, any Error>?, Bool) in
                    if let event = state.event.take() {
                        let wakes = state.isReaderWaiting
                        state.isReaderWaiting = false
                        return (.success(event), wakes)
                    }
                    if let failure = state.failure { return (.failure(failure), false) }
                    if Task.isCancelled { return (.failure(CancellationError()), false) }
                    state.taker = continuation
                    return (nil, false)
                }
                if wakes { wakeReader() }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            state.withLock { $0.taker.take() }?.resume(throwing: CancellationError())
        }
    }
}
