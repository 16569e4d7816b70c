/// An error that ended a flow and that no retry can mend: the flow stands until a person has seen to it.
public struct FlowStop: Sendable, Hashable {
    /// The code of the error, as ``StoreError/Code`` prints it; `nil` for an error of another kind.
    public var code: String?
    /// What happened and what to do about it.
    public var reason: String
    public var since: Timestamp

    public init(code: String?, reason: String, since: Timestamp) {
        self.code = code
        self.reason = reason
        self.since = since
    }
}
