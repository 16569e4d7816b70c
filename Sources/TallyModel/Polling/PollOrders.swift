import Synchronization

/// Gives polls their places in the history, and tells readers of chunks which poll will have seen what they saw.
///
/// A source that is polled has no history of its own, so the order of a position is the wall clock in milliseconds, and
/// always greater than the one before. A mere count would not do: a chunk that was read just before a crash names a
/// position ahead of the checkpoint, and the next run has to pass it though nothing changes.
package final class PollOrders: Sendable {
    private struct State {
        /// The order of the last position that was handed out.
        var last: UInt64
        /// The order that the poll at work will end at.
        var current: UInt64?
        /// An order that somebody waits for; paid off once `last` has reached it.
        var promised: UInt64 = 0
    }

    private let state: Mutex<State>
    private let now: WallClock

    package init(after last: UInt64, now: @escaping WallClock) {
        state = Mutex(State(last: last))
        self.now = now
    }

    /// The order that a poll which begins after this call will end at, or pass, even when it finds nothing.
    package func promise() -> UInt64 {
        let clock = order(of: now())
        return state.withLock { state in
            state.promised = max(state.promised, (state.current ?? state.last) + 1, clock)
            return state.promised
        }
    }

    /// Whether a poll is owed to somebody.
    package var isOwing: Bool { state.withLock { $0.promised > max($0.last, $0.current ?? 0) } }

    /// Begins a poll. Call before its snapshot is taken.
    ///
    /// - Returns: The order it ends at, and whether it has to end in a commit though it finds nothing.
    package func begin() -> (order: UInt64, isOwed: Bool) {
        let clock = order(of: now())
        return state.withLock { state in
            let order = max(state.last + 1, state.promised, clock)
            state.current = order
            return (order, state.promised > state.last)
        }
    }

    /// Ends the poll at work.
    ///
    /// - Parameter order: Where it ended; `nil` when it found nothing and nobody waits.
    package func end(at order: UInt64?) {
        state.withLock { state in
            state.current = nil
            if let order { state.last = order }
        }
    }

    private func order(of moment: Timestamp) -> UInt64 { Self.order(of: moment) }

    package static func order(of moment: Timestamp) -> UInt64 { UInt64(max(moment.microseconds, 1000)) / 1000 }
}
