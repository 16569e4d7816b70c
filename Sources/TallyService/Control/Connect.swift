/// The node that a command talks to.
package struct NodeConnection: Sendable {
    package let node: any ControlledNode
    /// Whether no node runs, so that the command works on stores and ledger itself.
    package let isOffline: Bool
    /// Keeps a node from starting while the command changes things.
    private let claim: ControlClaim?

    /// What a command is about to do.
    package enum Purpose: Sendable {
        case look
        case change
    }

    /// Finds the node that runs with this configuration, or stands in for it.
    ///
    /// - Throws: ``ControlError`` with code `conflict` where things are to be changed and another process that does not
    ///   answer has the state folder: a node that is starting or ending, or another command.
    package static func open(_ configuration: Configuration, to purpose: Purpose) throws(ControlError) -> NodeConnection
    {
        let socket = ControlSocket(state: configuration.state)
        if try socket.isLive() {
            return NodeConnection(node: try ControlClient(socket), isOffline: false, claim: nil)
        }
        let claim: ControlClaim? =
            switch purpose {
            case .look: nil
            case .change: try socket.claim()
            }
        return NodeConnection(node: OfflineNode(configuration: configuration), isOffline: true, claim: claim)
    }
}
