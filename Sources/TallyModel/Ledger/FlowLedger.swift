/// What a node remembers for its flows: what waits for a person, and what a person asked for.
///
/// Every call returns after its effect would survive a crash. Errors are ``StoreError``.
public protocol FlowLedger: Sendable {
    /// The letters of a flow, oldest first.
    func deadLetters(of flow: String) async throws -> [DeadLetter]

    /// Parks letters. One with the flow, table and key of a parked one replaces it and keeps its id and first time.
    ///
    /// - Returns: The letters with their ids, in the order given.
    func park(_ letters: [DeadLetter]) async throws -> [DeadLetter]

    /// Takes letters out, because the target took their rows or a person gave them up.
    func removeDeadLetters(_ ids: [Int64], why: LetterEnding) async throws

    /// What is paused in a flow, and why.
    func pauses(of flow: String) async throws -> [Pause]

    /// Pauses a flow (`table` is `nil`) or one of its tables.
    func pause(_ pause: Pause, flow: String) async throws

    func resume(flow: String, table: TableName?) async throws

    /// The loads that a person asked for and that have not begun, oldest first.
    func resyncRequests(of flow: String) async throws -> [ResyncRequest]

    func requestResync(flow: String, table: TableName?) async throws

    /// Forgets a request whose load has durably begun, and none that was made since.
    func resyncBegan(_ request: ResyncRequest, flow: String) async throws

    /// What ended the flow last; `nil` once it has got going again.
    func stop(of flow: String) async throws -> FlowStop?

    /// Notes what ended the flow, in place of what did before; `nil` when it has got going.
    func note(_ stop: FlowStop?, flow: String) async throws

    /// Forgets all of a flow.
    func remove(flow: String) async throws
}

/// How a dead letter ended.
public enum LetterEnding: String, Sendable, Hashable {
    /// A person asked for it again and the target took it.
    case retried
    /// A later change of the row passed.
    case superseded
    /// A person gave it up.
    case discarded
    /// Its table was loaded anew.
    case reloaded
}

/// A flow or a table that stands still until somebody resumes it.
public struct Pause: Sendable, Hashable {
    /// `nil` for the whole flow.
    public var table: TableName?
    /// Why; `nil` when a person asked for it without a word.
    public var reason: String?
    public var since: Timestamp

    public init(table: TableName?, reason: String?, since: Timestamp) {
        self.table = table
        self.reason = reason
        self.since = since
    }
}
