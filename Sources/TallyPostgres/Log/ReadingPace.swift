/// Decides how long to leave data alone while the stream is behind.
///
/// With a backlog the server sends each small message by itself and wakes the reader for it, which costs both more than
/// the message does. So while messages come fast, the reader lets them gather; when they no longer do, it reacts to each
/// at once.
package struct ReadingPace {
    /// From this many messages a millisecond on, reading is let rest.
    private static let fast = 24.0
    /// Below this many it reacts at once again.
    private static let slow = 12.0
    private static let window = Duration.milliseconds(1)

    /// Whether data is being let gather.
    private(set) var isBehind = false
    private var windowStart: ContinuousClock.Instant?
    private var messages = 0

    /// Whether the server goes on writing while nothing is read, as ``ReceiveWindow`` has it.
    private let mayRestLong: Bool

    package init(mayRestLong: Bool) {
        self.mayRestLong = mayRestLong
    }

    /// How long to let data gather at a time.
    package func rest(late: Duration) -> Duration {
        mayRestLong ? min(max(late / 16, Self.shortestRest), Self.longestRest) : Self.shortestRest
    }

    private static let shortestRest = Duration.microseconds(400)
    private static let longestRest = Duration.milliseconds(10)

    // MARK: What does not come as fast as it is read

    /// How many rests there are between two looks.
    private static let looking = 32
    private var rests = 0
    private var isPaced = false
    private var hasFoundMore = false

    /// Whether to look before a rest if more comes at once, as ``ReceiveWindow/refills(_:)`` does: now and then, for while
    /// that is looked for the server sends each message by itself; always where the last look found some.
    package mutating func looksForMore() -> Bool {
        if isPaced { return true }
        rests = (rests + 1) % Self.looking
        return rests == 0
    }

    /// Takes note of what came of a look; a rest follows where nothing did.
    package mutating func looked(_ isMore: Bool) {
        if isMore { hasFoundMore = true }
        isPaced = hasFoundMore
        if !isMore { hasFoundMore = false }
    }

    /// How long to gather transactions into one slice while more come fast.
    ///
    /// Larger slices are written in less time a row. Whoever is late anyway loses little by a part of that more.
    ///
    /// - Parameter late: How long after its commit the server sent the first transaction.
    static func hold(late: Duration) -> Duration {
        min(max(late / 8, .milliseconds(8)), .milliseconds(250))
    }

    /// Takes note of what has been read, and whether it was all there was.
    mutating func read(_ count: Int, isDrained: Bool, now: ContinuousClock.Instant) {
        messages += count
        guard isDrained else { return }
        guard let start = windowStart else {
            windowStart = now
            return
        }
        let elapsed = start.duration(to: now)
        guard elapsed >= Self.window else { return }
        let rate = Double(messages) / (elapsed / .milliseconds(1))
        isBehind = rate >= (isBehind ? Self.slow : Self.fast)
        messages = 0
        windowStart = now
    }
}
