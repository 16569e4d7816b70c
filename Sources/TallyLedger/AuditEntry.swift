public import TallyModel

/// One act in the ledger's record of who asked for what and what the node decided.
public struct AuditEntry: Sendable, Hashable {
    /// What was done.
    public enum Action: String, Sendable, Hashable {
        case pause, resume
        case requestResync = "request-resync"
        case beginResync = "begin-resync"
        case park, retry, supersede, discard, reload
        case stop, remove
    }

    public var at: Timestamp
    public var action: Action
    public var flow: String
    public var table: TableName?
    /// More about it; never values of rows.
    public var detail: String?

    public init(at: Timestamp, action: Action, flow: String, table: TableName? = nil, detail: String? = nil) {
        self.at = at
        self.action = action
        self.flow = flow
        self.table = table
        self.detail = detail
    }
}

extension AuditEntry.Action {
    init(_ ending: LetterEnding) {
        self =
            switch ending {
            case .retried: .retry
            case .superseded: .supersede
            case .discarded: .discard
            case .reloaded: .reload
            }
    }
}
