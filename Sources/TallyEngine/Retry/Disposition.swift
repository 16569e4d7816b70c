public import TallyModel

/// What a flow does about an error. The one table that decides; what is not in it stops the flow.
public enum Disposition: Sendable, Hashable {
    /// It may pass: wait, open both stores anew and go on from the checkpoint.
    case retry
    /// One table is in the way: pause it, and go on with the others.
    case pauseTable(TableName)
    /// A person has to look.
    case stop

    public init(for error: any Error) {
        guard let error = error as? StoreError else {
            self = .stop
            return
        }
        switch error.code {
        case .unreachable, .busy, .outcomeUnknown, .outOfSpace, .readOnly: self = .retry
        case .missingTable, .incompatibleSchema: self = error.table.map(Disposition.pauseTable) ?? .stop
        case .historyLost, .historyWentBackwards, .sourceReplaced: self = .stop
        case .held, .fenced, .denied, .damaged, .rejected, .unsupported, .unknown: self = .stop
        default: self = .stop
        }
    }
}
