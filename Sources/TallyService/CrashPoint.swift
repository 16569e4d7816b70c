import Foundation
import Synchronization
package import TallyModel

/// Kills this very process at a named moment, so that a harness can see what a crash exactly there leaves behind.
package struct CrashPoint {
    /// The environment variable that names the moment: a ``Milestone``, and after a colon at which of its times.
    ///
    /// `TALLY_CRASH_AT=batch-committed:3` ends the process the third time a batch is committed.
    package static let variable = "TALLY_CRASH_AT"

    let milestone: Milestone
    let occurrence: Int

    /// Reads ``variable``; `nil` where it names no milestone.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1)
        guard let name = parts.first, let milestone = Milestone(rawValue: String(name)) else { return nil }
        guard let occurrence = parts.count > 1 ? Int(parts[1]) : 1, occurrence > 0 else { return nil }
        self.milestone = milestone
        self.occurrence = occurrence
    }

    /// The observer that ends the process; `nil` where the environment asks for none, as it always does in earnest.
    package static func observer(environment: [String: String]) -> MilestoneObserver? {
        guard let point = environment[variable].flatMap(CrashPoint.init) else { return nil }
        let counter = Counter()
        return { milestone in
            guard milestone == point.milestone, counter.next() == point.occurrence else { return }
            // A signal that nothing can catch: no handler, no `deinit`, no flush runs after it.
            kill(getpid(), SIGKILL)
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)

        func next() -> Int {
            count.withLock {
                $0 += 1
                return $0
            }
        }
    }
}
