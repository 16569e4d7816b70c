import Logging
public import TallyEngine
public import TallyMerge
public import TallyModel

/// A many-way sync: members that all accept writes, kept in agreement through one ledger.
public final class Group: Sendable {
    /// Why ``run()`` returned.
    public enum Ending: Sendable {
        /// ``stop()`` was called, or what it had to do is done.
        case finished
        /// Something stands in the way that a person has to see to.
        case gaveUp(any Error)
    }

    private let context: GroupContext
    private let members: [MemberStore]
    private let ended = Flag()

    /// - Parameters:
    ///   - members: The stores, as ``GroupSettings/members`` names them.
    ///   - path: Where the group's ledger is, or is to be made.
    ///   - expressions: Evaluates policies that are SQL.
    public init(
        _ settings: GroupSettings,
        members: [MemberStore],
        ledgerPath path: String,
        expressions: any MergeExpressions,
        runner: Runner,
        options: FlowOptions
    ) {
        var options = options
        options.logger[metadataKey: "group"] = "\(settings.name)"
        var status = GroupStatus(
            group: settings.name,
            members: members.map { GroupStatus.Member(name: $0.name, label: $0.label) }
        )
        status.objectiveSeconds = settings.lag?.seconds
        status.skewSeconds = settings.skew.seconds
        let stopping = Flag()
        self.members = members
        let kinds = Set(members.map(\.kind))
        context = GroupContext(
            settings: settings,
            path: path,
            record: GroupRecord(
                settings,
                path: path,
                kinds: kinds,
                expressions: expressions,
                now: options.now
            ),
            kinds: kinds,
            runner: runner,
            options: options,
            expressions: expressions,
            meter: GroupMeter(status, now: options.now),
            stopping: stopping,
            caughtUp: CaughtUp(settings.members, flag: options.endsWhenCaughtUp ? stopping : nil)
        )
    }

    public var name: String { context.settings.name }

    public var status: GroupStatus {
        get async {
            var status = context.meter.status(head: context.record.head.sequence)
            await context.record.report(into: &status)
            return status
        }
    }

    /// Carries out what a person decided about a conflict: durable in the ledger when this returns, in the members as they are
    /// brought up to it, by this run or the next.
    ///
    /// - Throws: ``Refusal`` where it cannot be done.
    package func decide(_ id: Int64, _ decision: ConflictDecision) async throws {
        try await context.record.decide(id, decision)
    }

    /// Asks for a graceful end; returns at once.
    public func stop() { context.stopping.set() }

    /// Forgets old history by and by, until cancelled.
    private static func keepWithinBounds(_ context: GroupContext) async {
        do {
            while true {
                try await context.options.clock.sleep(for: .seconds(30))
                while try await context.record.compactSome() { try await Task.sleep(for: .milliseconds(20)) }
            }
        } catch is CancellationError {
            return
        } catch {
            // What fails here fails for whoever writes the ledger next, who says so.
            context.options.logger.warning("old history stays", metadata: ["reason": "\(error)"])
        }
    }

    /// Returns when ``run()`` has.
    ///
    /// - Throws: `CancellationError`.
    public func waitUntilEnded() async throws { try await ended.wait() }

    /// Runs until ``stop()``; with ``FlowOptions/endsWhenCaughtUp``, until every member holds what all had at the beginning.
    ///
    /// Graceful (``stop()``): finishes the batches at hand, closes. Cancelled: stops now; what was not committed comes
    /// again with the next start.
    public func run() async -> Ending {
        defer { ended.set() }
        do {
            try await context.record.open()
        } catch {
            for member in members { context.meter.enter(.stopped, member.name, message: "\(error)") }
            context.options.logger.error("stopped: the ledger failed", metadata: ["reason": "\(error)"])
            return .gaveUp(error)
        }
        let failure = await withTaskGroup(of: (any Error)?.self) { group in
            for member in members {
                group.addTask { [context] in await MemberLoop(store: member, context: context).run() }
            }
            let keeper = Task { [context] in await Self.keepWithinBounds(context) }
            defer { keeper.cancel() }
            var first: (any Error)?
            for await failure in group { first = first ?? failure }
            return first
        }
        let ended = await status
        context.meter.remember(ended)
        await context.record.close()
        if failure == nil, context.options.endsWhenCaughtUp, let trouble = ended.trouble { return .gaveUp(trouble) }
        return failure.map(Ending.gaveUp) ?? .finished
    }
}

extension GroupStatus {
    /// Rows that are not the same in all members, where there are any.
    fileprivate var trouble: StoreError? {
        if let member = members.first(where: { $0.refused > 0 }) {
            return StoreError(
                .rejected,
                "member \(member.name) refuses \(member.refused) row\(member.refused == 1 ? "" : "s") as the group has "
                    + "them, because of a constraint or a type there; they are tried again with every run"
            )
        }
        guard let member = members.first(where: { !$0.notices.isEmpty }) else { return nil }
        return StoreError(.rejected, "member \(member.name): \(member.notices.joined(separator: "; "))")
    }
}
