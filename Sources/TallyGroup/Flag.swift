import Synchronization

/// Raised once, by anybody.
final class Flag: Sendable {
    private let beacon = Beacon()

    var isSet: Bool { beacon.sequence > 0 }

    func set() { beacon.raise(to: 1) }

    /// Returns when the flag is raised.
    ///
    /// - Throws: `CancellationError`.
    func wait() async throws { try await beacon.wait(beyond: 0) }
}
