/// How a flow wants the changes of its source to be seen.
public struct CaptureSettings: Sendable, Hashable {
    public enum Mode: String, Sendable, Hashable, CaseIterable {
        /// The best that the source offers.
        case auto
        /// The store's own log of commits.
        case log
        /// Triggers that keep each change in a table of Tally's own.
        case trigger
        /// Reading rows whose timestamp column has moved on.
        case timestamp
        /// Reading rows whose version column has moved on.
        case version
    }

    public var mode: Mode
    /// For `timestamp` and `version`: the column that grows with every write to a row.
    public var column: String?
    /// Tables whose column has another name.
    public var columnByTable: [TableName: String]
    /// For `timestamp`: how far behind the highest value seen each poll reads again, for rows that were stamped early
    /// and committed late.
    public var overlap: Duration
    /// For `version`: the same, as a difference of versions.
    public var versionOverlap: Int64
    /// For `timestamp` and `version`: how often the source is asked for rows that moved on.
    public var poll: Duration
    /// For `timestamp` and `version`: how often keys are compared to find deleted rows; `nil` for never.
    public var sweep: Duration?
    /// For `timestamp` and `version`: a column that is neither null, 0 nor empty in rows that count as deleted.
    public var softDelete: String?

    public init(
        mode: Mode = .auto,
        column: String? = nil,
        columnByTable: [TableName: String] = [:],
        overlap: Duration = .seconds(10),
        versionOverlap: Int64 = 0,
        poll: Duration = .seconds(1),
        sweep: Duration? = nil,
        softDelete: String? = nil
    ) {
        self.mode = mode
        self.column = column
        self.columnByTable = columnByTable
        self.overlap = overlap
        self.versionOverlap = versionOverlap
        self.poll = poll
        self.sweep = sweep
        self.softDelete = softDelete
    }

    /// The column that grows with every write to a row of `table`.
    public func column(of table: TableName) -> String? { columnByTable[table] ?? column }
}

/// Who reads a source's changes: one flow into one target.
public struct Consumer: Sendable, Hashable {
    /// The name of the flow.
    public var flow: String
    /// The target's own identity, made once and kept in it.
    public var targetID: String
    /// Where the target is, for people; carries no secret.
    public var targetLabel: String

    public init(flow: String, targetID: String, targetLabel: String) {
        self.flow = flow
        self.targetID = targetID
        self.targetLabel = targetLabel
    }
}

/// What a flow asks of a source.
public struct CaptureRequest: Sendable {
    public var consumer: Consumer
    public var tables: TableSelection
    public var capture: CaptureSettings
    /// How far the target durably holds the source's history; `nil` when it holds nothing of it.
    public var checkpoint: Checkpoint?
    /// For a member of a group, the group's name: slices then say where each transaction ends, and transactions that
    /// ``TargetSession/sign(_:)`` made the group's own come without changes.
    public var group: String?
    /// The columns that the flow's transforms read: changes have to say what they hold, also where they left it alone.
    public var reads: [TableName: Set<String>]
    /// Told what ``Source/open(_:)`` waits for that others have to end, for people, whenever that changes; `nil` when
    /// the wait is over.
    public var waiting: @Sendable (String?) -> Void

    public init(
        consumer: Consumer,
        tables: TableSelection,
        capture: CaptureSettings = CaptureSettings(),
        checkpoint: Checkpoint? = nil,
        group: String? = nil,
        reads: [TableName: Set<String>] = [:],
        waiting: @escaping @Sendable (String?) -> Void = { _ in }
    ) {
        self.consumer = consumer
        self.tables = tables
        self.capture = capture
        self.checkpoint = checkpoint
        self.group = group
        self.reads = reads
        self.waiting = waiting
    }
}
