extension RowState {
    /// Drops edits and writes that cannot matter to any outcome under the rules, whatever still arrives.
    ///
    /// An edit is dropped where another write stays that has seen it, has seen all that its author had, and sets the same
    /// column anew; a write is dropped with the last of its edits. `DESIGN.md`, *Pruning*, shows why nothing is lost.
    public mutating func prune(under rules: MergeRules) {
        guard writes.count > 1 else { return }
        let frontier = Frontier(of: writes.map(\.stamp))
        var kept: [RowWrite] = []
        for (index, write) in writes.enumerated() {
            if frontier.contains(write.stamp) {
                kept.append(write)
                continue
            }
            let later = writes[(index + 1)...].filter { $0.stamp.supersedes(write.stamp) }
            if later.isEmpty {
                kept.append(write)
                continue
            }
            var rest = write
            rest.edits.removeAll { edit in
                later.contains { $0.isNewBeginning(of: edit.column, under: rules.policy(of: edit.column)) }
            }
            if !rest.edits.isEmpty { kept.append(rest) }
        }
        replace(writes: kept)
    }
}

extension RowWrite {
    /// Whether nothing that this write's author had seen of the column matters any more.
    fileprivate func isNewBeginning(of column: Int, under policy: ColumnPolicy) -> Bool {
        guard let edit = edit(of: column) else { return false }
        return policy.isRegister || policy.isAssignment(StampedEdit(edit, of: self))
    }
}
