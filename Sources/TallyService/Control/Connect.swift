/// The node that a command talks to.
package struct NodeConnection: Sendable {
    package let node: any ControlledNode
    /// Whether no node runs, so that the command works on stores and ledger itself.
    package let isOffline: Bool
    /// Keeps a node from starting while the command changes things.
    private let claim: ControlClaim?

    /// Finds the node that runs with this configuration, or stands in for it, to change things.
    ///
    /// - Throws: ``ControlError`` with code `conflict` where another process that does not answer has the state folder:
    ///   a node that is starting or ending, or another command.
    package static func open(_ configuration: Configuration) throws(ControlError) -> NodeConnection {
        let socket = ControlSocket(state: configuration.state)
        if try socket.isLive() {
            return NodeConnection(node: try ControlClient(socket), isOffline: false, claim: nil)
        }
        let claim = try socket.claim()
        return NodeConnection(node: OfflineNode(configuration: configuration), isOffline: true, claim: claim)
    }

    /// How long the socket of a node that was killed may still take callers.
    private static let longestDeath = Duration.seconds(1)

    /// Asks the node that runs with this configuration, or stands in for it where none does, and changes nothing.
    ///
    /// A node that ends before it has answered is one that does not run. `question` is asked again until that
    /// is certain, for a second at most, and so has to leave nothing behind.
    package static func look<Answer>(
        _ configuration: Configuration,
        _ question: (any ControlledNode) async throws(ControlError) -> Answer
    ) async throws(ControlError) -> Answer {
        let socket = ControlSocket(state: configuration.state)
        let start = ContinuousClock.now
        while try socket.isLive() {
            do {
                return try await question(ControlClient(socket))
            } catch {
                guard error.code == .silent, ContinuousClock.now - start < longestDeath else { throw error }
            }
            // Cancelled, the pause is only shorter: `longestDeath` ends the loop all the same.
            try? await Task.sleep(for: .milliseconds(20))
        }
        return try await question(OfflineNode(configuration: configuration))
    }
}
