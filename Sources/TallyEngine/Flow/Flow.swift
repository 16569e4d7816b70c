import Logging
public import TallyModel

/// A one-way sync from one store to another: it runs sessions, and decides what happens between them.
///
/// A session opens both stores, streams and loads until something ends it. What a person asks for is written to the
/// ledger first and then noticed here, so that it holds whether or not a session is open, and after a restart.
public final class Flow: Sendable {
    /// Why ``run()`` returned.
    public enum Ending: Sendable {
        /// ``stop()`` was called, or what it had to do is done.
        case finished
        /// It stood still because of an error when it was asked to end; with ``FlowOptions/endsWhenCaughtUp``, an error
        /// or a pause kept it from its end.
        case gaveUp(any Error)
    }

    private let context: FlowContext
    private let ended = Latch()

    /// - Parameters:
    ///   - source: The store to capture from, and its label for people.
    ///   - target: The store to apply to, and its label for people.
    ///   - runner: The process that this is.
    public init(
        _ settings: FlowSettings,
        source: (any Source, label: String),
        target: (any Target, label: String),
        ledger: any FlowLedger,
        runner: Runner,
        options: FlowOptions
    ) {
        var status = FlowStatus(flow: settings.name, source: source.label, target: target.label)
        status.objectiveSeconds = settings.lag?.seconds
        var options = options
        options.logger[metadataKey: "flow"] = "\(settings.name)"
        context = FlowContext(
            settings: settings,
            source: source.0,
            target: target.0,
            ledger: ledger,
            runner: runner,
            options: options,
            inbox: Inbox(budget: ByteCount(settings.memory.bytes / 4)),
            meter: FlowMeter(status, now: options.now)
        )
    }

    public var name: String { context.name }
    public var status: FlowStatus { context.meter.status }

    // MARK: Running

    /// Runs until ``stop()``; with ``FlowOptions/endsWhenCaughtUp``, until caught up.
    ///
    /// Graceful (``stop()``): finishes the transaction at hand if it is whole, saves, acknowledges, closes.
    /// Cancelled: stops now; what was not committed comes again with the next start.
    public func run() async -> Ending {
        defer {
            context.inbox.close()
            refuseRequests()
            ended.open()
        }
        return await runSessions()
    }

    private func runSessions() async -> Ending {
        var retry = RetryPolicy(settings: context.settings.retry)
        while true {
            if context.inbox.isStopping || Task.isCancelled { return finish() }
            do {
                if let pause = try await standing() {
                    context.meter.enter(.paused, message: pause.reason ?? "paused")
                    if context.options.endsWhenCaughtUp {
                        return .gaveUp(StoreError(.unsupported, "flow \(name) is paused: `tally resume \(name)`"))
                    }
                    try await waitForPerson()
                    continue
                }
                context.meter.enter(.starting)
                let ending = try await FlowSession.run(context) { retry.succeeded() }
                switch ending {
                case .stopped, .caughtUp: return finish()
                case .reopen: continue
                }
            } catch is CancellationError {
                return finish()
            } catch {
                if let ending = await settle(error, retry: &retry) { return ending }
            }
        }
    }

    /// Asks for a graceful end; returns at once.
    public func stop() {
        context.inbox.stop()
    }

    /// Returns when ``run()`` has.
    public func waitUntilEnded() async {
        await ended.wait()
    }

    private func finish() -> Ending {
        context.meter.enter(.finished)
        return .finished
    }

    private func standing() async throws -> Pause? {
        try await context.ledger.pauses(of: name).first { $0.table == nil }
    }

    /// Does what the table of dispositions says of an error that ended a session.
    ///
    /// - Returns: How the flow ends because of it; `nil` to go on.
    private func settle(_ error: any Error, retry: inout RetryPolicy) async -> Ending? {
        do {
            switch Disposition(for: error) {
            case .pauseTable(let table):
                context.logger.error("table paused", metadata: ["table": "\(table)", "reason": "\(error)"])
                let reason = (error as? StoreError)?.message ?? "\(error)"
                let pause = Pause(table: table, reason: reason, since: context.options.now())
                try await context.ledger.pause(pause, flow: name)
                return nil
            case .retry:
                let wait = retry.failed(draw: context.options.draw())
                if context.options.endsWhenCaughtUp, retry.attempts >= context.options.attempts {
                    context.meter.enter(.stopped, error)
                    return .gaveUp(error)
                }
                context.meter.enter(.retrying, error, retryIn: wait)
                context.meter.update { status in
                    status.attempts = retry.attempts
                    status.retries += 1
                }
                context.logger.warning("trying again", metadata: ["in": "\(wait.inWords)", "reason": "\(error)"])
                try await pass(wait)
                return nil
            case .stop:
                context.meter.enter(.stopped, error)
                context.logger.error("stopped", metadata: ["reason": "\(error)"])
                try await note(error)
                if context.options.endsWhenCaughtUp || (error as? StoreError)?.code == .held { return .gaveUp(error) }
                try await waitForPerson()
                return context.inbox.isStopping ? .gaveUp(error) : nil
            }
        } catch is CancellationError {
            return finish()
        } catch {
            // The ledger itself fails: without it nothing can be parked or remembered, so nothing may move.
            context.meter.enter(.stopped, error)
            context.logger.error("stopped: the ledger failed", metadata: ["reason": "\(error)"])
            return .gaveUp(error)
        }
    }

    /// Notes what stopped the flow for those who look when this process is gone.
    private func note(_ error: any Error) async throws {
        let code = (error as? StoreError)?.code
        // Somebody else runs the flow, which is nothing that stops it.
        if code == .held || code == .fenced { return }
        let stop = FlowStop(code: code?.description, reason: "\(error)", since: context.options.now())
        try await context.ledger.note(stop, flow: name)
    }

    /// Waits for time to pass, or for somebody to ask for something.
    private func pass(_ wait: Duration) async throws {
        try await withThrowingTaskGroup(of: Void.self) { [context] group in
            group.addTask { try await context.options.clock.sleep(for: wait) }
            group.addTask {
                await context.inbox.waitForPerson()
                try Task.checkCancellation()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        refuseRequests()
    }

    private func waitForPerson() async throws {
        await context.inbox.waitForPerson()
        try Task.checkCancellation()
        refuseRequests()
    }

    /// Answers those who asked about dead letters while no session is open.
    private func refuseRequests() {
        for request in context.inbox.takeRequests() { request.reply(.failure(notRunning)) }
    }

    private var notRunning: StoreError {
        let status = context.meter.status
        return StoreError(.unreachable, "flow \(name) is \(status.phase.rawValue): \(status.message ?? "")")
    }

    // MARK: What people ask for

    /// Pauses the flow, or one of its tables: its changes then go by, and resuming loads it anew, comparing.
    public func pause(_ table: TableName?) async throws {
        try await context.ledger.pause(Pause(table: table, reason: nil, since: context.options.now()), flow: name)
        context.inbox.poke()
    }

    public func resume(_ table: TableName?) async throws {
        try await context.ledger.resume(flow: name, table: table)
        context.inbox.poke()
    }

    /// Loads one table anew beside the stream, writing only what differs; `nil` begins the whole flow again from the
    /// source as it is now, whatever its history was.
    public func resync(_ table: TableName?) async throws {
        try await context.ledger.requestResync(flow: name, table: table)
        context.inbox.poke()
    }

    /// Tries dead letters again.
    ///
    /// - Parameter ids: Which; `nil` for all of the flow.
    public func retry(_ ids: [Int64]?) async throws -> LetterOutcome {
        try await ask(.retry, ids)
    }

    /// Gives dead letters up: the target keeps what it has of their rows.
    public func discard(_ ids: [Int64]?) async throws -> LetterOutcome {
        try await ask(.discard, ids)
    }

    private func ask(_ wish: LetterRequest.Wish, _ ids: [Int64]?) async throws -> LetterOutcome {
        switch context.meter.status.phase {
        case .finished, .stopped, .paused, .retrying, .notRunning: throw notRunning
        case .starting, .loading, .live: break
        }
        return try await withCheckedThrowingContinuation { continuation in
            let request = LetterRequest(wish: wish, ids: ids) { continuation.resume(with: $0) }
            if !context.inbox.ask(request) { request.reply(.failure(notRunning)) }
        }
    }
}
