import Synchronization

/// Tells those who wait for it that a group's ledger has grown.
final class Beacon: Sendable {
    private struct State {
        var sequence: UInt64 = 0
        var next = 0
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let state = Mutex(State())

    var sequence: UInt64 { state.withLock { $0.sequence } }

    func raise(to sequence: UInt64) {
        wake { state in
            guard sequence > state.sequence else { return false }
            state.sequence = sequence
            return true
        }
    }

    /// Has everybody look again.
    func touch() { wake { _ in true } }

    private func wake(_ change: (inout State) -> Bool) {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            guard change(&state) else { return [] }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// The same, for some time and no longer.
    func wait(beyond sequence: UInt64, atMost patience: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.wait(beyond: sequence) }
            group.addTask { try await Task.sleep(for: patience) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Suspends until the ledger is beyond `sequence`, or somebody is to look again.
    ///
    /// - Throws: `CancellationError`.
    func wait(beyond sequence: UInt64) async throws {
        let number = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer = state.withLock { state -> Result<Void, any Error>? in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.sequence > sequence { return .success(()) }
                    state.waiters[number] = continuation
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }
}
