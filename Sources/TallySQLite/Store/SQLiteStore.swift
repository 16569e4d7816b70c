public import TallyModel

/// A SQLite file as a store: something to capture from and to write to.
public struct SQLiteStore: Store {
    private let path: String
    private let observer: MilestoneObserver?

    /// - Parameters:
    ///   - path: The file. It need not be there to be written to; then it is made, in a folder that is.
    ///   - observer: Told of the milestones of the store's own work.
    public init(path: String, observer: MilestoneObserver? = nil) {
        self.path = path
        self.observer = observer
    }

    /// `sqlite`.
    public var kind: String { "sqlite" }

    /// The path.
    public var label: String { path }

    /// The file's changes, by triggers or by polling.
    public var source: (any Source)? { SQLiteSource(path: path, observer: observer) }

    /// The file as something to write to.
    public var target: (any Target)? { SQLiteTarget(path: path) }
}
