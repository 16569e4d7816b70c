public import Logging
import ServiceLifecycle
import Synchronization
import TallyEngine
import TallyGroup
import TallyLedger
public import TallyModel
import TallySQLite

/// How a node is run.
public struct NodeOptions: Sendable {
    /// Ends when every flow has caught up.
    public var once: Bool
    /// Takes flows from runners that cannot be seen to have ended.
    public var takeOver: Bool
    public var logger: Logger
    /// What asks the node to end; `nil` where nothing does but its own work.
    public var signals: StopSignals?
    public var observer: MilestoneObserver?

    public init(
        once: Bool = false,
        takeOver: Bool = false,
        logger: Logger,
        signals: StopSignals? = nil,
        observer: MilestoneObserver? = nil
    ) {
        self.once = once
        self.takeOver = takeOver
        self.logger = logger
        self.signals = signals
        self.observer = observer
    }
}

/// One running `tally` process: its flows, its ledger and its control socket.
public final class Node: Sendable {
    package let configuration: Configuration
    private let options: NodeOptions
    let ledger: Ledger
    let flows: [Flow]
    let groups: [Group]
    /// Flows that were removed while the node ran.
    let removed = Mutex<Set<String>>([])
    /// Flows that are being removed, or were.
    let leaving = Mutex<Set<String>>([])

    /// Opens the ledger; opens no store yet.
    ///
    /// - Throws: ``NodeFailure``.
    public init(configuration: Configuration, options: NodeOptions) async throws {
        do {
            ledger = try await Ledger.open(path: configuration.ledgerPath)
        } catch {
            throw NodeFailure(error)
        }
        self.configuration = configuration
        self.options = options
        do {
            if let clash = await SharedTables.find(in: configuration).first {
                throw NodeFailure(exitCode: 2, message: clash.message)
            }
            if let problem = GroupLoops(configuration).problems.first { throw NodeFailure(problem) }
            flows = try Self.flows(of: configuration, options, ledger)
            groups = try Self.groups(of: configuration, options)
        } catch {
            await ledger.close()
            throw NodeFailure(error)
        }
    }

    private static func flows(
        of configuration: Configuration,
        _ options: NodeOptions,
        _ ledger: Ledger
    ) throws -> [Flow] {
        let runner = Runner.current()
        return try configuration.flows.map { flow in
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

    private static func groups(of configuration: Configuration, _ options: NodeOptions) throws -> [Group] {
        let runner = Runner.current()
        return try configuration.groups.map { settings in
            Group(
                settings,
                members: try settings.stores(in: configuration, observer: options.observer),
                ledgerPath: configuration.ledgerPath(ofGroup: settings.name),
                expressions: SQLMergeExpressions(),
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

    /// Runs every flow and the control socket until ``NodeOptions/signals`` say stop, or with ``NodeOptions/once`` until
    /// caught up.
    ///
    /// - Throws: ``NodeFailure`` when a flow could not do what it was asked to.
    public func run() async throws {
        let outcome = FlowsService.Outcome()
        let server: ControlServer
        do {
            server = try ControlServer(node: self, state: configuration.state, logger: options.logger)
        } catch {
            await ledger.close()
            throw NodeFailure(error)
        }
        let flowsService = FlowsService(
            flows: flows,
            groups: groups,
            isOnce: options.once,
            isRemoved: { [self] name in leaving.withLock { $0.contains(name) } },
            outcome: outcome
        )
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: flowsService, successTerminationBehavior: .gracefullyShutdownGroup),
            .init(service: server),
        ]
        if let signals = options.signals {
            services.append(.init(service: signals, successTerminationBehavior: .gracefullyShutdownGroup))
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: services, logger: options.logger)
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
            throw ControlError.noFlow(name, in: configuration)
        }
        return flow
    }

    func group(named name: String) throws(ControlError) -> Group {
        guard let group = groups.first(where: { $0.name == name }), !removed.withLock({ $0.contains(name) }) else {
            throw ControlError.noGroup(name, in: configuration)
        }
        return group
    }

    func configuration(of flow: String) -> FlowConfiguration? {
        configuration.flows.first { $0.settings.name == flow }
    }

    func removal(ofGroup name: String) throws -> GroupRemoval {
        try GroupRemoval(of: name, in: configuration)
    }

    func stores(of flow: FlowConfiguration) throws -> FlowStores {
        try FlowStores(flow, in: configuration, observer: options.observer)
    }
}
