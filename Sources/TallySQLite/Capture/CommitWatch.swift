import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells when it is worth looking for new commits in a SQLite file, without a poll that burns CPU.
///
/// On Linux the kernel tells of writes to the file and its journals (inotify). A commit can be seen a little after the
/// write that told of it, for the WAL's index is shared memory and tells nobody; so each write is followed by several
/// looks, at growing distances. What the kernel does not tell is found by a slow look of its own. On other systems all
/// looks are timed.
final class CommitWatch: Sendable {
    enum Wake: Sendable {
        /// Somebody wrote, or did a moment ago.
        case activity
        /// Nothing was heard for a while.
        case idle
    }

    private struct State {
        var waiters: [Int: CheckedContinuation<Wake, any Error>] = [:]
        var nextWaiter = 0
        /// How long to wait before each of the looks that follow the last write.
        var looks: [Duration] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let bell: Bell

    init(path: String) {
        bell = Bell(path: path)
        let thread = Thread { [self] in run() }
        thread.name = "tally-watch"
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// Suspends until a look is due.
    ///
    /// - Throws: `CancellationError` when the task is cancelled or the watch closed.
    func wait() async throws -> Wake {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isRefused = state.withLock { state in
                    // A cancellation that came before this found no waiter to end.
                    if state.isClosed || Task.isCancelled { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isRefused { continuation.resume(throwing: CancellationError()) } else { bell.ring() }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Says that the last look found what there was, so that no further ones need follow.
    func settle() {
        state.withLock { $0.looks = [] }
    }

    /// Ends the thread; a waiter gets `CancellationError`.
    func close() {
        let waiters = state.withLock { state in
            state.isClosed = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(throwing: CancellationError()) }
        bell.ring()
    }

    // MARK: The thread

    private func run() {
        var idleAt = ContinuousClock.now + Bell.slowLook
        while true {
            let (isClosed, isAwaited, pause) = state.withLock { state in
                (state.isClosed, !state.waiters.isEmpty, state.looks.first)
            }
            if isClosed { return }
            guard isAwaited else {
                bell.sleep(until: .rung, atMost: nil)
                continue
            }
            // While looks are due, writes are not listened to: they would only bring the next look before its time.
            let patience = pause ?? max(idleAt - .now, .zero)
            if bell.sleep(until: pause == nil ? .rungOrWritten : .rung, atMost: patience) == .ring { continue }
            let wasWritten = bell.drainWrites()
            if !wasWritten && pause == nil && ContinuousClock.now < idleAt {
                // The folder's other files are written too, a target perhaps without a pause: not each write is worth
                // a wake-up.
                bell.sleep(until: .rung, atMost: .milliseconds(1))
                continue
            }
            wake(wasWritten: wasWritten)
            idleAt = .now + Bell.slowLook
        }
    }

    private func wake(wasWritten: Bool) {
        let (waiters, wake) = state.withLock { state in
            let wake: Wake = wasWritten || !state.looks.isEmpty ? .activity : .idle
            if wasWritten {
                state.looks = Bell.looks
            } else if !state.looks.isEmpty {
                state.looks.removeFirst()
            }
            defer { state.waiters = [:] }
            return (state.waiters.values, wake)
        }
        for waiter in waiters { waiter.resume(returning: wake) }
    }
}
