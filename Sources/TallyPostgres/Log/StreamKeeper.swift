import TallyModel

/// What has to be done beside reading to keep a stream alive and the server's log short: answers, heartbeats, looks at
/// the catalog, and at how much log the slot holds back.
final class StreamKeeper {
    let slot: String
    private let control: PostgresConnection
    private let replication: PostgresConnection
    private let watch: TableWatch
    private let facts: ServerFacts
    private let signals: StreamSignals

    private var retained: RetainedLog
    private var notice: String?
    private var retainedNotice: String?
    /// Up to where slices have said the stream is, and when one last did.
    private var toldPosition: UInt64
    private var toldAt: ContinuousClock.Instant
    private var reported: UInt64 = 0
    private var isAnswerDue = false
    private var canEmit: Bool
    private var lastReceived: ContinuousClock.Instant
    private var lastEmitted: ContinuousClock.Instant?
    private var lookDue: ContinuousClock.Instant
    private var statusDue: ContinuousClock.Instant
    private var retainedDue: ContinuousClock.Instant

    private static let lookInterval = Duration.seconds(2)
    private static let retainedInterval = Duration.seconds(10)
    /// How often a stream without changes says how far it is.
    private static let heartbeat = Duration.seconds(10)
    /// How long nothing has to come before the stream is helped on to a position that somebody waits for.
    private static let quiet = Duration.milliseconds(10)

    init(
        control: PostgresConnection,
        replication: PostgresConnection,
        watch: TableWatch,
        facts: ServerFacts,
        slot: String,
        start: UInt64,
        budget: ByteCount,
        isMember: Bool,
        signals: StreamSignals
    ) {
        self.control = control
        self.replication = replication
        self.watch = watch
        self.facts = facts
        self.slot = slot
        self.signals = signals
        retained = RetainedLog(budget: budget, isMember: isMember)
        toldPosition = start
        canEmit = !facts.isStandby
        let now = ContinuousClock.now
        (toldAt, lastReceived, lookDue, retainedDue) = (now, now, now, now)
        statusDue = now
    }

    private var statusInterval: Duration { min(.seconds(10), (facts.patience ?? .seconds(30)) / 3) }

    // MARK: What is noted

    func received(_ now: ContinuousClock.Instant) { lastReceived = now }

    func answerIsDue() { isAnswerDue = true }

    func told(_ position: UInt64, _ now: ContinuousClock.Instant) {
        toldPosition = max(toldPosition, position)
        toldAt = now
    }

    // MARK: What is to be done

    /// Whether a slice without changes is due that says where the stream is.
    func shouldTell(_ position: UInt64, _ now: ContinuousClock.Instant) -> Bool {
        guard position > toldPosition else { return false }
        let wanted = signals.wanted
        return (toldPosition < wanted && position >= wanted) || toldAt.duration(to: now) >= Self.heartbeat
    }

    /// When there is something to do again.
    func nextDue(_ now: ContinuousClock.Instant) -> ContinuousClock.Instant {
        if toldPosition < signals.wanted { return now + Self.quiet }
        return min(lookDue, statusDue, retainedDue)
    }

    /// Does what is due.
    ///
    /// - Returns: What to put into the stream, where the catalog was looked at or there is something to tell.
    func work(_ now: ContinuousClock.Instant, _ decoder: inout LogDecoder) throws -> [StreamEvent]? {
        if isAnswerDue || now >= statusDue || signals.acknowledged > reported {
            try report(decoder.position, asksForAnswer: now >= statusDue)
            statusDue = now + statusInterval
        }
        // Tables that are to be loaded again wait for a position as people do.
        if let due = decoder.tracker.nextDue, due > signals.wanted { signals.want(due) }
        try helpOn(decoder.position, now)
        var events: [StreamEvent]?
        if now >= lookDue {
            lookDue = now + Self.lookInterval
            if let review = try watch.look() {
                try decoder.review(review.tables, at: review.position)
                events = []
            }
        }
        if now >= retainedDue {
            retainedDue = now + Self.retainedInterval
            if let found = try ReplicationSlot.find(slot, in: control), retained.observe(found) {
                retainedNotice = retained.message(for: found)
            }
        }
        let current = [retainedNotice, watch.problem].compactMap { $0 }.joined(separator: "; ")
        if current != notice ?? "" {
            notice = current.isEmpty ? nil : current
            events = (events ?? []) + [.notice(notice)]
        }
        return events
    }

    /// Tells the server how far the log was received and how far the target durably has it.
    func report(_ position: UInt64, asksForAnswer: Bool = false) throws {
        reported = signals.acknowledged
        isAnswerDue = false
        let status = ReplicationProtocol.status(
            written: position,
            durable: reported,
            asksForAnswer: asksForAnswer
        )
        do {
            try replication.send(status)
            try replication.flush()
        } catch is CancellationError {
            // Woken while the socket was full: libpq keeps the rest and sends it with the next.
            signals.bell.clear()
        }
    }

    /// Gets a quiet stream past a position that somebody waits for: with a commit of Tally's own, or by asking.
    private func helpOn(_ position: UInt64, _ now: ContinuousClock.Instant) throws {
        guard position < signals.wanted, lastReceived.duration(to: now) >= Self.quiet else { return }
        guard lastEmitted.map({ $0.duration(to: now) >= .milliseconds(100) }) ?? true else { return }
        lastEmitted = now
        if canEmit {
            do {
                try control.execute("SELECT pg_logical_emit_message(true, 'tally', '')")
            } catch let error as StoreError where error.code == .denied || error.code == .readOnly {
                canEmit = false
            }
        }
        try report(position, asksForAnswer: true)
    }
}
