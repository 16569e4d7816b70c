import Synchronization

/// Runs tasks on the thread that calls ``runOne()``, one piece at a time, in an order that a seed decides.
///
/// Tasks that prefer it stay on it, their child tasks and the actors they call included, so that one seed is one
/// interleaving.
package final class SeededExecutor: TaskExecutor, Sendable {
    private enum Ready {
        case job(UnownedJob)
        case wake(UnsafeContinuation<Void, Never>)
    }

    private struct State {
        var ready: [Ready] = []
        var order: SplitMix64
        var steps = 0
    }

    private let state: Mutex<State>

    package init(_ order: SplitMix64) {
        state = Mutex(State(order: order))
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.ready.append(.job(job)) }
    }

    /// How many pieces have run.
    package var steps: Int { state.withLock { $0.steps } }

    /// Runs one of the pieces that are ready.
    ///
    /// - Returns: Whether there was one.
    package func runOne() -> Bool {
        let next = state.withLock { state -> Ready? in
            guard !state.ready.isEmpty else { return nil }
            state.steps += 1
            let last = state.ready.count - 1
            state.ready.swapAt(state.order.below(state.ready.count), last)
            return state.ready.removeLast()
        }
        switch next {
        case nil: return false
        case .job(let job): job.runSynchronously(on: asUnownedTaskExecutor())
        case .wake(let continuation): continuation.resume()
        }
        return true
    }

    /// Lets others go first, or not: the seed decides.
    package func yield() async {
        await withUnsafeContinuation { continuation in
            state.withLock { $0.ready.append(.wake(continuation)) }
        }
    }
}
