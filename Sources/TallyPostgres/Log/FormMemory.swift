import Synchronization

/// The slots whose log holds rows that cannot be read in binary form although today's tables could: kept as long as the
/// process lives.
package final class FormMemory: Sendable {
    private let slots = Mutex<Set<String>>([])

    package init() {}

    func remember(_ slot: String) {
        slots.withLock { _ = $0.insert(slot) }
    }

    func needsText(_ slot: String) -> Bool { slots.withLock { $0.contains(slot) } }
}
