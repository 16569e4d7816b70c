public import Logging
public import TallyModel
import TallyTransform

/// What a flow is made of that stays the same from one session to the next.
struct FlowContext: Sendable {
    let settings: FlowSettings
    let source: any Source
    let target: any Target
    let ledger: any FlowLedger
    let runner: Runner
    let options: FlowOptions
    let inbox: Inbox
    let meter: FlowMeter

    var name: String { settings.name }
    var logger: Logger { options.logger }
    var streamBudget: ByteCount { ByteCount(settings.memory.bytes / 16 * 3) }
    var chunkLimit: ByteCount { ByteCount(min(settings.memory.bytes / 16, ByteCount.mebibytes(4).bytes)) }

    func transform(of table: TableName) -> TransformSettings { settings.transforms[table] ?? TransformSettings() }

    func reached(_ milestone: Milestone) { options.observer?(milestone) }
}

/// How a flow is run, as against what it does.
public struct FlowOptions: Sendable {
    /// Ends once the target holds all that the source had when the flow was opened, and every load is done.
    public var endsWhenCaughtUp: Bool
    /// Takes the flow from a runner that cannot be seen to have ended.
    public var takesOver: Bool
    /// With ``endsWhenCaughtUp``: failures in a row after which it gives up.
    public var attempts: Int
    public var clock: any Clock<Duration>
    public var now: WallClock
    /// An even draw from 0 up to 1, for jitter.
    public var draw: @Sendable () -> Double
    public var logger: Logger
    public var observer: MilestoneObserver?

    public init(
        endsWhenCaughtUp: Bool = false,
        takesOver: Bool = false,
        attempts: Int = 6,
        clock: any Clock<Duration> = ContinuousClock(),
        now: @escaping WallClock,
        draw: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        logger: Logger,
        observer: MilestoneObserver? = nil
    ) {
        self.endsWhenCaughtUp = endsWhenCaughtUp
        self.takesOver = takesOver
        self.attempts = attempts
        self.clock = clock
        self.now = now
        self.draw = draw
        self.logger = logger
        self.observer = observer
    }
}
