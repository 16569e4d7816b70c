/// What decided a conflict, or left it to a person.
public enum DecidingPolicy: Sendable, Hashable {
    /// How one column merges.
    case column(ColumnPolicy)
    /// What a delete does against other writes of its row.
    case delete(DeletePolicy)
}

extension MergeRules {
    /// What decides a clash.
    func decidingPolicy(of clash: Clash) -> DecidingPolicy {
        clash.column.map { .column(policy(of: $0)) } ?? .delete(delete)
    }
}
