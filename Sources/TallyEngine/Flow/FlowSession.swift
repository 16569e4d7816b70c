import Logging
import TallyModel

/// One stretch of a flow's life with both stores open: wiring, and the loop that takes turns between stream and loads.
///
/// Everything in it is touched by one task alone. A chunk is opened, read and written with no batch applied in between,
/// so that no chunk can be older than what the stream has made of its rows; see `docs/ARCHITECTURE.md`.
final class FlowSession {
    enum Ending {
        case stopped
        case caughtUp
        /// Begin again at once, from what the ledger and the target say now.
        case reopen
    }

    let context: FlowContext
    let source: any SourceSession
    let target: any TargetSession
    let sourceID: String
    let acknowledger: Acknowledger
    /// What the target holds.
    var checkpoint: Position
    var tables: [TableName: TableState] = [:]
    /// Tables that the target knows from earlier and the source does not have now.
    var retired: [TableName: TableProgress] = [:]
    var routes: [RouteKey: Route] = [:]
    var parked = ParkedRows()
    var batch = BatchPolicy()
    /// Whether the last slice ended inside a transaction.
    var isInTransaction = false
    /// The end of the last whole transaction in the open batch.
    var pendingEnd: Commit?
    var pendingCounts = PendingCounts()
    /// Tables whose keys are being compared, with what is left to compare.
    var sweeps: [TableName: [KeyRange]] = [:]
    var hasSwept = false
    /// What could not be made after the load of a table, in words.
    var leftOut: [TableName: [String]] = [:]
    var sweptAt = SweepMarks()
    let loadWidth: Int

    private init(
        _ context: FlowContext,
        source: any SourceSession,
        target: any TargetSession,
        sourceID: String,
        checkpoint: Position,
        loadWidth: Int
    ) {
        self.context = context
        self.source = source
        self.target = target
        self.sourceID = sourceID
        self.checkpoint = checkpoint
        self.loadWidth = loadWidth
        acknowledger = Acknowledger(source: source, target: target, clock: context.options.clock)
    }

    // MARK: Life

    /// Opens both stores, works until something ends it, and closes them.
    ///
    /// - Parameter succeeded: Called when the session has made progress, so that failures before it no longer count.
    static func run(_ context: FlowContext, succeeded: () -> Void) async throws -> Ending {
        context.inbox.forgetEvents()
        let target = try await context.target.open(
            flow: context.name,
            runner: context.runner,
            takeOver: context.options.takesOver
        )
        do {
            let (source, anew) = try await openSource(context, for: target)
            do {
                let session = FlowSession(
                    context,
                    source: source,
                    target: target,
                    sourceID: await source.sourceID,
                    checkpoint: await source.start,
                    loadWidth: await source.loadWidth
                )
                let ending = try await session.work(anew: anew, succeeded: succeeded)
                await source.close()
                await target.close()
                return ending
            } catch {
                await source.close()
                throw error
            }
        } catch {
            await target.rollback()
            let reason = await reason(for: error, in: target)
            await target.close()
            throw reason
        }
    }

    /// The error that ended a session, unless it is only what a runner sees that another took the flow from: that one
    /// must not pause anything.
    private static func reason(for error: any Error, in target: any TargetSession) async -> any Error {
        guard case .pauseTable = Disposition(for: error) else { return error }
        do {
            try await target.commit(nil, notes: [])
        } catch let refusal {
            return refusal
        }
        return error
    }

    /// - Parameter anew: What asks for all tables to be loaded, from the source as it is.
    private func work(anew: ResyncRequest?, succeeded: () -> Void) async throws -> Ending {
        parked = ParkedRows(try await context.ledger.deadLetters(of: context.name))
        try await settleTables(anew: anew)
        try await context.ledger.note(nil, flow: context.name)
        let goal = context.options.endsWhenCaughtUp ? try await source.latest() : nil
        let (source, inbox, acknowledger) = (source, context.inbox, acknowledger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    while true { try await inbox.offer(try await source.next()) }
                } catch is CancellationError {
                } catch {
                    inbox.fail(error)
                }
            }
            group.addTask {
                do {
                    try await acknowledger.run()
                } catch is CancellationError {
                } catch {
                    inbox.fail(error)
                }
            }
            defer { group.cancelAll() }
            let ending = try await takeTurns(until: goal, succeeded: succeeded)
            try await acknowledger.acknowledgeNow(checkpoint)
            return ending
        }
    }

    // MARK: Turns

    private func takeTurns(until goal: Position?, succeeded: () -> Void) async throws -> Ending {
        acknowledger.advance(to: checkpoint)
        var goal = goal
        while true {
            try Task.checkCancellation()
            if hasLoads, !batch.isOpen {
                try await loadTurn()
                succeeded()
            }
            showPhase()
            guard let item = context.inbox.take(inTransaction: isInTransaction) else {
                if batch.isOpen, !isInTransaction {
                    try await commit()
                } else if hasLoads, !batch.isOpen {
                    continue
                } else if let reached = goal, isDone(at: reached) {
                    guard try await sweepBeforeTheEnd(&goal) else { return .caughtUp }
                } else {
                    await context.inbox.wait(inTransaction: isInTransaction)
                }
                continue
            }
            if case .event(.slice) = item {} else if batch.isOpen, !isInTransaction { try await commit(before: item) }
            switch item {
            case .stop:
                // Half a transaction is given up; the source sends it again.
                await target.rollback()
                return .stopped
            case .reconsider:
                if let ending = try await reconsider() { return ending }
            case .request(let request):
                await answer(request)
            case .event(.slice(let slice)):
                try await take(slice)
                if !batch.isOpen { succeeded() }
            case .event(.schema(let change)):
                try await follow(change)
            case .event(.sweepDue(let names)):
                beginSweeps(of: names)
            case .event(.notice(let notice)):
                context.meter.update { $0.notice = notice }
                if let notice {
                    context.logger.warning("the source has something to say", metadata: ["notice": "\(notice)"])
                }
            case .failed(let error):
                throw error
            }
        }
    }

    /// Commits the open batch before something else is done; whoever asked for that must hear of a failure.
    private func commit(before item: Inbox.Item) async throws {
        do {
            try await commit()
        } catch {
            if case .request(let request) = item { request.reply(.failure(error)) }
            throw error
        }
    }

    private func showPhase() {
        let isLoading = tables.values.contains { $0.progress?.isReplaying ?? false }
        let hasTables = tables.values.contains { $0.progress?.phase != .dropped }
        context.meter.update { status in
            status.phase = isLoading ? .loading : .live
            status.message = hasTables ? nil : FlowStatus.hasNoTables
            status.errorCode = nil
        }
    }

    private func isDone(at goal: Position) -> Bool {
        checkpoint >= goal && !batch.isOpen
            && !tables.values.contains { ($0.progress?.isReplaying ?? false) || ($0.isFollowed && $0.reloadDue != nil) }
    }
}
