import Foundation
import Hummingbird
package import Logging
import ServiceLifecycle

/// Serves the control API on the socket in a node's state folder, for the user that the node runs as.
package struct ControlServer: Service {
    private let node: any ControlledNode
    private let socket: ControlSocket
    private let address: String
    private let claim: ControlClaim
    private let logger: Logger
    private let whenServing: @Sendable () async -> Void

    /// Takes the state folder; nothing listens yet.
    ///
    /// - Parameter whenServing: Called once the socket answers.
    /// - Throws: ``ControlError`` with code `conflict` while another process has the folder.
    package init(
        node: any ControlledNode,
        state: String,
        logger: Logger,
        whenServing: @escaping @Sendable () async -> Void = {}
    ) throws(ControlError) {
        self.node = node
        socket = ControlSocket(state: state)
        address = try socket.address()
        claim = try socket.claim()
        self.logger = logger
        self.whenServing = whenServing
    }

    /// Listens until it is shut down gracefully or cancelled, which is the same here: requests under way are answered,
    /// then the socket is gone and the folder free.
    package func run() async throws {
        defer { claim.release() }
        let (serving, startServing) = AsyncStream.makeStream(of: Void.self)
        let (ending, end) = AsyncStream.makeStream(of: Void.self)
        let group = ServiceGroup(services: [application { startServing.finish() }], logger: quietLogger)

        // Detached, because Hummingbird traps when it is cancelled while a connection comes in or shut down before it
        // listens: neither reaches it from here, only the request below, once it serves. Both tasks end in this call.
        let server = Task.detached { try await group.run() }
        let closer = Task.detached {
            for await _ in serving {}
            for await _ in ending {}
            await group.triggerGracefulShutdown()
        }
        let result = await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await server.result
            } onGracefulShutdown: {
                end.finish()
            }
        } onCancel: {
            end.finish()
        }
        startServing.finish()
        end.finish()
        await closer.value
        try removeSocket()
        try result.get()
    }

    private func application(whenServing startServing: @escaping @Sendable () -> Void) -> some Service {
        Application(
            router: ControlRoutes(node: node).router(),
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: address)),
            onServerRunning: { _ in
                if chmod(address, 0o600) != 0 {
                    logger.error("could not keep others from the control socket", metadata: ["path": "\(address)"])
                }
                startServing()
                await whenServing()
            },
            logger: quietLogger
        )
    }

    /// The framework's own news of starting and stopping is none of the operator's.
    private var quietLogger: Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        return logger
    }

    private func removeSocket() throws(ControlError) {
        guard unlink(address) != 0, errno != ENOENT else { return }
        throw ControlError(
            .unreachable,
            "could not remove \(socket.path), the node's socket: \(String(cString: strerror(errno)))"
        )
    }
}
