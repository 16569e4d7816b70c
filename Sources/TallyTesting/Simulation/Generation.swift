import Synchronization
import TallyEngine
import TallyModel

/// One simulated process that runs the flow, until it ends, is told to, or dies.
final class Generation: Sendable {
    /// What the calls of a process meet once it is dead. Nothing of it gets out.
    struct Death: Error {}

    private struct State {
        var isAlive = true
        var isLeaving = false
        var ending: Flow.Ending?
        var task: Task<Void, Never>?
    }

    let number: Int
    private let state = Mutex(State())

    init(number: Int) {
        self.number = number
    }

    var runner: Runner { Runner(id: "runner \(number)", host: "simulated", processID: Int32(number), processStart: "") }
    var isAlive: Bool { state.withLock { $0.isAlive } }
    /// Whether it was asked to end.
    var isLeaving: Bool { state.withLock { $0.isLeaving } }
    var ending: Flow.Ending? { state.withLock { $0.ending } }
    var hasEnded: Bool { ending != nil }

    func began(_ task: Task<Void, Never>) {
        state.withLock { $0.task = task }
    }

    func ended(_ ending: Flow.Ending) {
        state.withLock { state in
            state.ending = ending
            state.task = nil
        }
    }

    func leaves() {
        state.withLock { $0.isLeaving = true }
    }

    /// Dies: what it has under way has no effect from here on.
    func die() {
        let task = state.withLock { state in
            state.isAlive = false
            state.isLeaving = true
            return state.task
        }
        task?.cancel()
    }
}
