import Synchronization
import TallyModel

/// Makes commits durable and only then tells the source that it may forget what they hold.
///
/// Commits are made visible at once and durable together, a few times a second: a power failure takes the target back
/// to a commit whose successors the source still has.
final class Acknowledger: Sendable {
    private struct State {
        var reached: Position?
        var acknowledged: Position?
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// How often at most the disk is made to keep what was written.
    static let interval = Duration.milliseconds(250)

    private let source: any SourceSession
    private let target: any TargetSession
    private let clock: any Clock<Duration>
    private let state = Mutex(State())

    init(source: any SourceSession, target: any TargetSession, clock: any Clock<Duration>) {
        self.source = source
        self.target = target
        self.clock = clock
    }

    /// Notes that the target has committed up to `position`.
    func advance(to position: Position) {
        let waiter = state.withLock { state in
            state.reached = position
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Acknowledges what ``advance(to:)`` brings, until cancelled; what is left then is acknowledged after a restart.
    func run() async throws {
        while true {
            await waitForWork()
            try Task.checkCancellation()
            if let position = state.withLock({ $0.reached }) { try await acknowledge(position) }
            try await clock.sleep(for: Self.interval)
        }
    }

    /// Acknowledges everything up to `position` now.
    func acknowledgeNow(_ position: Position) async throws {
        try await acknowledge(position)
    }

    private func acknowledge(_ position: Position) async throws {
        try await target.makeDurable()
        try await source.acknowledge(position)
        state.withLock { $0.acknowledged = position }
    }

    private func waitForWork() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let hasWork = state.withLock { state in
                    if state.reached != state.acknowledged || Task.isCancelled { return true }
                    state.waiter = continuation
                    return false
                }
                if hasWork { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume()
        }
    }
}
