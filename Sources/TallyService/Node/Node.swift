public import Logging
import ServiceLifecycle
import Synchronization
import TallyEngine
import TallyLedger
public import TallyModel
import TallySQLite
import UnixSignals

/// How a node is run.
public struct NodeOptions: Sendable {
    /// Ends when every flow has caught up.
    public var once: Bool
    /// Takes flows from runners that cannot be seen to have ended.
    public var takeOver: Bool
    public var logger: Logger
    public var observer: MilestoneObserver?

    public init(once: Bool = false, takeOver: Bool = false, logger: Logger, observer: MilestoneObserver? = nil) {
        self.once = once
        self.takeOver = takeOver
        self.logger = logger
        self.observer = observer
    }
}

/// One running `tally` process: its flows, its ledger and its control socket.
public final class Node: Sendable {
    private let configuration: Configuration
    private let options: NodeOptions
    let ledger: Ledger
    let flows: [Flow]
    /// Flows that were removed while the node ran.
    let removed = Mutex<Set<String>>([])

    /// Opens the ledger; opens no store yet.
    ///
    /// - Throws: ``NodeFailure``.
    public init(configuration: Configuration, options: NodeOptions) async throws {
        do {
            ledger = try await Ledger.open(path: configuration.ledgerPath)
        } catch {
            throw NodeFailure(error)
        }
        if let clash = await SharedTables.find(in: configuration).first {
            await ledger.close()
            throw NodeFailure(exitCode: 2, message: clash.message)
        }
        self.configuration = configuration
        self.options = options
        let (runner, ledger) = (Runner.current(), ledger)
        flows = try configuration.flows.map { flow in
            let stores = try FlowStores(flow, in: configuration, observer: options.observer)
            return Flow(
                flow.settings,
                source: stores.source,
                target: stores.target,
                ledger: ledger,
                runner: runner,
                options: FlowOptions(
                    endsWhenCaughtUp: options.once,
                    takesOver: options.takeOver,
                    now: Timestamp.now,
                    logger: options.logger,
                    observer: options.observer
                )
            )
        }
    }

    /// Runs every flow and the control socket until SIGINT or SIGTERM, or with ``NodeOptions/once`` until caught up.
    ///
    /// - Throws: ``NodeFailure`` when a flow could not do what it was asked to.
    public func run() async throws {
        let outcome = FlowsService.Outcome()
        let server: ControlServer
        do {
            server = try ControlServer(node: self, state: configuration.state, logger: options.logger)
        } catch {
            throw NodeFailure(error)
        }
        let services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(
                service: FlowsService(flows: flows, isOnce: options.once, outcome: outcome),
                successTerminationBehavior: .gracefullyShutdownGroup
            ),
            .init(service: server),
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services,
                gracefulShutdownSignals: [.sigint, .sigterm],
                logger: options.logger
            )
        )
        do {
            try await group.run()
        } catch {
            await ledger.close()
            throw NodeFailure(error)
        }
        await ledger.close()
        if let failure = outcome.failure { throw failure }
    }

    func flow(named name: String) throws(ControlError) -> Flow {
        guard let flow = flows.first(where: { $0.name == name }), !removed.withLock({ $0.contains(name) }) else {
            throw ControlError(
                .notFound,
                "there is no flow \(name); flows: \(flows.map(\.name).joined(separator: ", "))"
            )
        }
        return flow
    }

    func configuration(of flow: String) -> FlowConfiguration? {
        configuration.flows.first { $0.settings.name == flow }
    }

    func stores(of flow: FlowConfiguration) throws -> FlowStores {
        try FlowStores(flow, in: configuration, observer: options.observer)
    }
}
