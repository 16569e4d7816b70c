import Synchronization

/// What others tell the thread that reads the log.
final class StreamSignals: Sendable {
    private struct State {
        var acknowledged: UInt64
        var wanted: UInt64 = 0
        var isStopping = false
    }

    private let state: Mutex<State>
    /// Ends the thread's waits for the log.
    let bell = Interrupter()
    /// Ends the thread's statements; only with the stream itself.
    let stopper = Interrupter()

    init() {
        state = Mutex(State(acknowledged: 0))
    }

    /// How far the target durably has the log.
    var acknowledged: UInt64 { state.withLock { $0.acknowledged } }

    /// The position that somebody waits for the stream to reach.
    var wanted: UInt64 { state.withLock { $0.wanted } }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func acknowledge(_ position: UInt64) {
        state.withLock { $0.acknowledged = max($0.acknowledged, position) }
        bell.trigger()
    }

    /// Has the stream say how far it is as soon as it has passed `position`, changes or not.
    func want(_ position: UInt64) {
        state.withLock { $0.wanted = max($0.wanted, position) }
        bell.trigger()
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        bell.trigger()
        stopper.trigger()
    }
}
