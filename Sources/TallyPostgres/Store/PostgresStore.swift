public import TallyModel

/// A PostgreSQL database as a store: something to capture from and to write to. Connects when it is used.
public struct PostgresStore: Store {
    private let options: ConnectionOptions
    private let database: PostgresSource

    package init(_ options: ConnectionOptions, log: LogContext = LogContext()) {
        self.options = options
        database = PostgresSource(options: options, log: log)
    }

    /// `postgres`.
    public var kind: String { "postgres" }

    /// Where it is, without the password.
    public var label: String { options.label }

    /// The database's changes.
    public var source: (any Source)? { database }

    /// The database as something to write to.
    public var target: (any Target)? { PostgresTarget(options: options) }
}
