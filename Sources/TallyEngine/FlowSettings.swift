public import TallyModel
public import TallyTransform

/// What a flow is asked to do, between stores that are named elsewhere.
public struct FlowSettings: Sendable, Hashable {
    public var name: String
    public var tables: TableSelection
    public var capture: CaptureSettings
    /// Whether tables that the target lacks are created there.
    public var createsMissing: Bool
    public var existing: ExistingRows
    public var schemaRules: SchemaRules
    /// By the name that the table has in the source.
    public var transforms: [TableName: TransformSettings]
    /// The lag that `status` and alerts judge by; `nil` where no objective was set.
    public var lag: Duration?
    /// How much memory the flow's changes and chunks in flight may take.
    public var memory: ByteCount
    public var retry: RetrySettings

    public init(
        name: String,
        tables: TableSelection = TableSelection(["*"]),
        capture: CaptureSettings = CaptureSettings(),
        createsMissing: Bool = true,
        existing: ExistingRows = .refuse,
        schemaRules: SchemaRules = SchemaRules(),
        transforms: [TableName: TransformSettings] = [:],
        lag: Duration? = nil,
        memory: ByteCount = .mebibytes(64),
        retry: RetrySettings = RetrySettings()
    ) {
        self.name = name
        self.tables = tables
        self.capture = capture
        self.createsMissing = createsMissing
        self.existing = existing
        self.schemaRules = schemaRules
        self.transforms = transforms
        self.lag = lag
        self.memory = memory
        self.retry = retry
    }

    /// The smallest budget that a flow can work in.
    public static let leastMemory = ByteCount.mebibytes(4)
}

/// What the first load does with a target table that already holds rows that Tally did not write.
public enum ExistingRows: String, Sendable, Hashable, CaseIterable {
    /// The table is paused, with a message that says what can be chosen.
    case refuse
    /// Rows of other keys stay; rows of the same key become the source's.
    case keep
    /// The table becomes equal to the source's: rows that the source lacks are deleted.
    case replace
}

/// What a flow does when its source's tables change their structure.
public struct SchemaRules: Sendable, Hashable {
    public enum Added: String, Sendable, Hashable, CaseIterable {
        /// The target's table gets the column too.
        case follow
        /// The column is not sent.
        case ignore
        /// The table stands still until somebody resumes it.
        case pause
    }

    public enum Dropped: String, Sendable, Hashable, CaseIterable {
        /// The target keeps the column and what it holds.
        case keep
        /// The target's table loses the column too.
        case follow
        /// The table stands still until somebody resumes it.
        case pause
    }

    public enum Renamed: String, Sendable, Hashable, CaseIterable {
        /// The target's column is renamed too.
        case follow
        /// The table stands still until somebody resumes it.
        case pause
    }

    public var added: Added
    public var dropped: Dropped
    public var renamed: Renamed

    public init(added: Added = .follow, dropped: Dropped = .keep, renamed: Renamed = .follow) {
        self.added = added
        self.dropped = dropped
        self.renamed = renamed
    }
}

/// How long a flow waits between attempts: exponentially longer, with full jitter.
public struct RetrySettings: Sendable, Hashable {
    /// The longest first wait.
    public var first: Duration
    /// The longest wait of all.
    public var most: Duration

    public init(first: Duration = .milliseconds(100), most: Duration = .seconds(30)) {
        self.first = first
        self.most = most
    }
}
