import Synchronization

/// What a simulated history has done wrong, and what happened in it.
package final class Verdict: Sendable {
    private struct State {
        var violations: [String] = []
        var trace: [String] = []
        var coverage: [String: Int] = [:]
    }

    private let state = Mutex(State())
    let keepsTrace: Bool

    package init(keepsTrace: Bool) {
        self.keepsTrace = keepsTrace
    }

    package var violations: [String] { state.withLock { $0.violations } }
    package var trace: [String] { state.withLock { $0.trace } }
    package var coverage: [String: Int] { state.withLock { $0.coverage } }
    package var isClean: Bool { state.withLock { $0.violations.isEmpty } }

    func condemn(_ reason: String) {
        note("VIOLATION \(reason)")
        state.withLock { $0.violations.append(reason) }
    }

    func note(_ event: @autoclosure () -> String) {
        guard keepsTrace else { return }
        let event = event()
        state.withLock { $0.trace.append(event) }
    }

    /// Counts that something happened at all, so that a test can show that it does.
    func count(_ event: String) {
        state.withLock { $0.coverage[event, default: 0] += 1 }
    }
}
