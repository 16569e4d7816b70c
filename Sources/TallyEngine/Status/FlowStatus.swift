/// Everything a flow says about itself at one moment; what `tally status` prints.
public struct FlowStatus: Sendable, Hashable, Codable {
    public enum Phase: String, Sendable, Hashable, Codable {
        /// Opening its stores.
        case starting
        /// At least one table is being loaded; the stream goes on beside it.
        case loading
        /// Every table follows the stream.
        case live
        /// Waiting to try again after an error.
        case retrying
        case paused
        /// Ended by an error that no retry can mend.
        case stopped
        /// Ended because it was asked to.
        case finished
        /// No process runs it: what is shown was read from its target and the ledger.
        case notRunning
    }

    public var flow: String
    public var source: String
    public var target: String
    public var phase: Phase
    /// Why it is retrying, paused or stopped.
    public var message: String?
    /// What people should know of the source although the flow goes on.
    public var notice: String?
    /// The code of the error behind the message.
    public var errorCode: String?
    /// The position that the target durably or visibly holds.
    public var position: String?
    /// From the source's commit to visible in the target, for the latest batch; zero when nothing is waiting.
    public var lagSeconds: Double?
    /// The largest lag of the last minute.
    public var worstLagSeconds: Double?
    /// The lag that the configuration asks for.
    public var objectiveSeconds: Double?
    /// Changes applied since the start.
    public var changes: Int
    /// Changes applied a second, over the last few seconds.
    public var changesPerSecond: Double
    /// Target transactions since the start.
    public var batches: Int
    /// Changes that found the target other than expected and made it agree.
    public var mended: Int
    /// Attempts that failed since the last one that worked.
    public var attempts: Int
    /// Retries since the start.
    public var retries: Int
    public var secondsToNextAttempt: Double?
    public var deadLetters: Int
    public var tables: [TableStatus]

    /// The message of a flow whose source has none of the tables it asks for.
    static let hasNoTables =
        "the source has no table that the flow's `tables` select; it waits for one. `tally check` names those there are"

    /// Whether there is a table that the flow follows, or would if it were not paused.
    public var hasTables: Bool { tables.contains { $0.phase != .dropped } }

    public init(flow: String, source: String, target: String) {
        self.flow = flow
        self.source = source
        self.target = target
        phase = .starting
        changes = 0
        changesPerSecond = 0
        batches = 0
        mended = 0
        attempts = 0
        retries = 0
        deadLetters = 0
        tables = []
    }
}

/// One table of a flow at one moment.
public struct TableStatus: Sendable, Hashable, Codable {
    public enum Phase: String, Sendable, Hashable, Codable {
        /// Selected; its load has not begun.
        case waiting
        /// Chunks are being read.
        case loading
        /// All chunks are in; the stream has not yet passed the last one.
        case catchingUp
        /// Follows the stream.
        case live
        case paused
        /// The source no longer has it; the target's rows stay.
        case dropped
    }

    /// The table's name in the source.
    public var table: String
    /// The table's name in the target.
    public var target: String
    public var phase: Phase
    /// Why it is paused, or what a user should know.
    public var message: String?
    public var rowsLoaded: Int
    /// About how many rows the load has to bring; `nil` when there is no load.
    public var rowsTotal: Int?
    public var rowsPerSecond: Double?
    public var secondsLeft: Double?
    public var inserts: Int
    public var updates: Int
    public var deletes: Int
    public var deadLetters: Int

    public init(table: String, target: String, phase: Phase) {
        self.table = table
        self.target = target
        self.phase = phase
        rowsLoaded = 0
        inserts = 0
        updates = 0
        deletes = 0
        deadLetters = 0
    }
}
