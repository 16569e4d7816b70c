import Foundation
import TallyModel

/// Reads one flow's log: the wiring between connections, decoder and handover, and the loop. Belongs to one thread.
final class StreamWorker {
    private let options: ConnectionOptions
    private let request: CaptureRequest
    private let context: LogContext
    private let signals: StreamSignals
    private let handover: Handover
    private let captured: CapturedTables

    private var control: PostgresConnection?
    private var replication: PostgresConnection?
    private var decoder: LogDecoder?
    private var keeper: StreamKeeper?
    private var pace = ReadingPace(mayRestLong: false)
    /// Since when complete transactions wait to be handed over.
    private var heldSince: ContinuousClock.Instant?
    /// When the server sent the latest message, by its clock.
    private var sent: Timestamp?

    init(
        _ options: ConnectionOptions,
        request: CaptureRequest,
        context: LogContext,
        signals: StreamSignals,
        handover: Handover,
        captured: CapturedTables
    ) {
        self.options = options
        self.request = request
        self.context = context
        self.signals = signals
        self.handover = handover
        self.captured = captured
    }

    // MARK: Opening

    func open() throws -> ReplicationStream.Opened {
        let label = options.label
        let name = "tally \(request.consumer.flow)"
        let control = try PostgresConnection(options, application: name, interrupter: signals.stopper)
        let replication = try PostgresConnection(
            options,
            application: name,
            purpose: .replication,
            interrupter: signals.bell
        )
        self.control = control
        self.replication = replication
        let opening = LogOpening(
            label: label,
            control: control,
            replication: replication,
            request: request,
            observer: context.observer
        )
        let opened = try opening.run()
        let facts = opened.facts
        let isBinary = opened.permitsBinary && !context.forms.needsText(opened.name)
        let watch = TableWatch(
            control,
            selection: request.tables,
            publication: Publication(opened.name, in: control),
            facts: facts,
            captured: Set(opened.tables.map(\.oid))
        )
        try control.execute("SET synchronous_commit = local; SET lock_timeout = '300ms'")
        var decoder = LogDecoder(
            label: label,
            timeline: "\(facts.timeline)",
            position: opened.start,
            isBinary: isBinary,
            group: request.group
        ) { description in
            let table = TableName(description.name, schema: description.namespace)
            let review = try watch.review(settling: table)
            return (review.tables, review.position)
        }
        decoder.begin(with: opened.tables, at: opened.catalogPosition)
        captured.set(decoder.tracker.tables)
        let schemas = decoder.tracker.tables.map(\.schema)
        self.decoder = decoder
        try replication.beginCopyBoth(Self.startCommand(opened, isBinary: isBinary))
        pace = ReadingPace(mayRestLong: ReceiveWindow.narrow(try replication.socket))
        keeper = StreamKeeper(
            control: control,
            replication: replication,
            watch: watch,
            facts: facts,
            slot: opened.name,
            start: opened.start,
            budget: context.budget,
            isMember: request.group != nil,
            signals: signals
        )
        // Loads that were done before the last end wait for the stream to pass them.
        signals.want(try LogEnd.inserted(in: control))
        return ReplicationStream.Opened(
            sourceID: facts.sourceID,
            timeline: "\(facts.timeline)",
            start: Position(order: opened.start, detail: "\(facts.timeline)"),
            tables: schemas
        )
    }

    private static func startCommand(_ opened: LogOpening.Result, isBinary: Bool) -> String {
        var options = [
            "proto_version '\(opened.facts.hasStreaming ? 2 : 1)'",
            "publication_names '\(opened.name.postgresIdentifier)'",
        ]
        if opened.facts.hasStreaming { options += ["streaming 'on'", "messages 'true'"] }
        if isBinary { options.append("binary 'true'") }
        return """
            START_REPLICATION SLOT \(opened.name.postgresIdentifier) LOGICAL \(LSN.text(opened.start)) \
            (\(options.joined(separator: ", ")))
            """
    }

    // MARK: Running

    /// Reads until told to stop or something fails; what was handed over stays to be taken.
    func run() {
        do {
            while !signals.isStopping { try turn() }
            // The last acknowledgement, so that the server need not send again what the target has.
            if let keeper, let decoder { try keeper.report(decoder.position) }
        } catch {
            if !signals.isStopping { handover.fail(explained(error)) }
        }
    }

    func close() {
        replication?.close()
        control?.close()
        decoder = nil
    }

    private func explained(_ error: any Error) -> any Error {
        if let unsuitable = error as? LogDecoder.UnsuitableForm, let keeper {
            context.forms.remember(keeper.slot)
            return StoreError(
                .busy,
                "\(options.label): table \(unsuitable.table) has a column whose type cannot be read in binary form; the "
                    + "stream begins again in text form"
            )
        }
        if let error = error as? StoreError, error.postgres?.state == "42704" {
            return StoreError(
                .historyLost,
                "\(options.label): the publication or slot was dropped, and the server's log cannot be read without them",
                remedy: .beginAgain,
                cause: error
            )
        }
        return error
    }

    private func turn() throws {
        guard let replication, let keeper else { return }
        var now = ContinuousClock.now
        if let events = try keeper.work(now, &decoder!) {
            for event in events { decoder!.assembly.tell(event) }
            captured.set(decoder!.tracker.tables)
        }
        var isDrained = true
        if !decoder!.assembly.isFull {
            if decoder!.isReplaying {
                try decoder!.replaySome()
                isDrained = false
            } else {
                let count: Int
                (count, isDrained) = try receive(from: replication, keeper)
                now = .now
                pace.read(count, isDrained: isDrained, now: now)
                if count > 0 { keeper.received(now) }
            }
        }
        deliver(isDrained: isDrained, now)
        if isDrained || decoder!.assembly.isFull { try wait(replication, keeper, now) }
    }

    /// Takes in what is here.
    ///
    /// - Returns: How many messages, and whether there are no more for now.
    private func receive(from replication: PostgresConnection, _ keeper: StreamKeeper) throws -> (Int, isDrained: Bool)
    {
        var count = 0
        var hasLooked = false
        while count < 4096 {
            let progress = try replication.receiveCopyData { bytes in
                switch try ReplicationProtocol.message(bytes) {
                case .data(let message, let sent):
                    self.sent = sent
                    try decoder!.take(message)
                case .keepalive(let end, let isAnswerWanted):
                    decoder!.passed(end)
                    if isAnswerWanted { keeper.answerIsDue() }
                }
            }
            switch progress {
            case .message:
                count += 1
                hasLooked = false
                if decoder!.assembly.isFull || decoder!.isReplaying { return (count, false) }
            case .nothingYet:
                if hasLooked { return (count, true) }
                try replication.receiveAvailable()
                hasLooked = true
            case .ended:
                throw StoreError(.unreachable, "\(options.label): the server ended the stream; Tally tries again")
            }
        }
        return (count, false)
    }

    // MARK: Handing over

    private func deliver(isDrained: Bool, _ now: ContinuousClock.Instant) {
        while handover.hasRoom {
            if let event = decoder!.assembly.takeReady() {
                if case .slice(let slice) = event, let end = slice.end { keeper?.told(end.position.order, now) }
                handover.put(event)
                continue
            }
            if decoder!.assembly.isFull {
                if decoder!.assembly.hasComplete { decoder!.assembly.cutComplete() } else { decoder!.assembly.cutAll() }
            } else if decoder!.assembly.hasComplete {
                let since = heldSince ?? now
                heldSince = since
                guard (isDrained && !pace.isBehind) || since.duration(to: now) >= hold else { return }
                decoder!.assembly.cutComplete()
            } else if let keeper, keeper.shouldTell(decoder!.position, now), !decoder!.assembly.isDivided {
                decoder!.tellPosition()
            } else {
                return
            }
            heldSince = nil
        }
    }

    /// How long after its commit the server sent what came last; nobody waits for what is not committed.
    private var lateness: Duration {
        guard let sent, let decoder else { return .zero }
        return decoder.committed.map(sent.since) ?? .seconds(1)
    }

    /// How long transactions are gathered into one slice while more come fast.
    private var hold: Duration { ReadingPace.hold(late: lateness) }

    private func wait(_ replication: PostgresConnection, _ keeper: StreamKeeper, _ now: ContinuousClock.Instant) throws
    {
        let isBlocked = decoder!.assembly.isFull
        do {
            if isBlocked {
                // Nothing is read until there is room: the log waits at the server.
                guard !handover.hasRoom else { return }
                signals.bell.wait(atMost: now.duration(to: keeper.nextDue(now)))
                signals.bell.clear()
            } else if pace.isBehind {
                if pace.looksForMore() {
                    let isMore = ReceiveWindow.refills(try replication.socket)
                    pace.looked(isMore)
                    if isMore { return }
                }
                Thread.sleep(forTimeInterval: pace.rest(late: lateness) / .seconds(1))
            } else {
                var deadline = keeper.nextDue(now)
                if let heldSince { deadline = min(deadline, heldSince + hold) }
                _ = try replication.waitForData(until: deadline)
            }
        } catch is CancellationError {
            signals.bell.clear()
        }
    }
}
