import Synchronization
package import TallyModel

/// A clock that stands still until ``advance()`` moves it on to the next moment that somebody waits for.
package final class VirtualClock: Clock, Sendable {
    package struct Instant: InstantProtocol {
        package var sinceStart: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        package func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        package static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private struct Timer {
        let id: Int
        let deadline: Instant
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = Instant(sinceStart: .zero)
        var timers: [Timer] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { state.withLock { $0.now } }
    package var minimumResolution: Duration { .microseconds(1) }
    package var timestamp: Timestamp {
        let parts = now.sinceStart.components
        return Timestamp(microseconds: parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000)
    }

    /// Moves to the next moment that somebody waits for and wakes them.
    ///
    /// - Returns: Whether there was one.
    package func advance() -> Bool {
        let timer = state.withLock { state -> Timer? in
            let next = state.timers.indices.min { first, second in
                let (first, second) = (state.timers[first], state.timers[second])
                return first.deadline == second.deadline ? first.id < second.id : first.deadline < second.deadline
            }
            guard let next else { return nil }
            let timer = state.timers.remove(at: next)
            state.now = max(state.now, timer.deadline)
            return timer
        }
        timer?.continuation.resume()
        return timer != nil
    }

    package func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = newID()
        await withTaskCancellationHandler {
            await wait(until: deadline, id: id, endsWhenCancelled: true)
        } onCancel: {
            let timer = state.withLock { state in
                state.timers.firstIndex { $0.id == id }.map { state.timers.remove(at: $0) }
            }
            timer?.continuation.resume()
        }
        try Task.checkCancellation()
    }

    /// Waits, cancelled or not: for what happens outside the task that waits.
    package func wait(for duration: Duration) async {
        await wait(until: now.advanced(by: duration), id: newID(), endsWhenCancelled: false)
    }

    private func newID() -> Int {
        state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
    }

    private func wait(until deadline: Instant, id: Int, endsWhenCancelled: Bool) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if deadline <= state.now || endsWhenCancelled && Task.isCancelled { return true }
                state.timers.append(Timer(id: id, deadline: deadline, continuation: continuation))
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
