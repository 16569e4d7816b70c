import Logging
import Synchronization
import TallyEngine
import TallyModel

/// Watches how far one member's clock is from the node's: where the time decides, a clock that is ahead wins.
final class MemberClock: Sendable {
    /// From how much on the times of what was written say something.
    private static let least = Duration.seconds(1)
    /// How often a member is asked.
    private static let pace = Duration.seconds(30)

    private let store: MemberStore
    private let context: GroupContext
    /// Whether the store says itself what its clock shows.
    private let tells = Mutex(false)

    init(_ store: MemberStore, _ context: GroupContext) {
        self.store = store
        self.context = context
    }

    /// Asks now and then, until the group stops or the task is cancelled.
    func watch() async throws {
        while !context.stopping.isSet {
            do {
                guard let offset = try await store.target.clockOffset(from: context.options.now) else {
                    return try await context.stopping.wait()
                }
                tells.withLock { $0 = true }
                note(offset)
            } catch let error as StoreError {
                // Whatever keeps the member from answering ends its session too, which says so.
                context.options.logger.debug("does not tell its clock", metadata: ["reason": "\(error)"])
            }
            try await context.options.clock.sleep(for: Self.pace)
        }
    }

    /// Takes note of when somebody committed: no commit is made in the future.
    func saw(_ committed: Timestamp) {
        guard !tells.withLock({ $0 }) else { return }
        let ahead = committed.since(context.options.now())
        note(ahead > Self.least ? ahead : nil)
    }

    private func note(_ offset: Duration?) {
        guard context.meter.clock(offset, of: store.name), let offset else { return }
        context.options.logger.warning(
            "the member's clock is ahead of this machine's by more than the group's skew; its times are cut off there",
            metadata: ["member": "\(store.name)", "ahead": "\(offset.inWords)"]
        )
    }
}
