internal import TallyModel

extension RowState {
    /// Drops edits and writes that cannot matter to any outcome under the rules, whatever still arrives.
    ///
    /// An edit is dropped where another write stays that has seen it, has seen all that its author had, and says all about
    /// the same column; a write is dropped with the last of its edits. `DESIGN.md`, *Pruning*, shows why nothing is lost.
    public mutating func prune(under rules: MergeRules) {
        guard writes.count > 1 else { return }
        let frontier = Frontier(of: writes.map(\.stamp))
        guard writes.contains(where: { !frontier.contains($0.stamp) }) else { return }
        // Rows with many writes are those that are added to: few of the writes say all about any column.
        let beginnings = writes.indices.filter { index in
            writes[index].edits.contains { writes[index].beginsAnew($0, under: rules) }
        }
        var kept: [RowWrite] = []
        for (index, write) in writes.enumerated() {
            if frontier.contains(write.stamp) {
                kept.append(write)
            } else if write.edits.isEmpty {
                let isSuperseded = writes[(index + 1)...].contains { $0.stamp.supersedes(write.stamp) }
                if !isSuperseded { kept.append(write) }
            } else {
                let later = beginnings.filter { $0 > index && writes[$0].stamp.supersedes(write.stamp) }
                var rest = write
                rest.edits.removeAll { edit in later.contains { writes[$0].beginsAnew(edit.column, under: rules) } }
                if !rest.edits.isEmpty { kept.append(rest) }
            }
        }
        replace(writes: kept)
    }
}

extension RowWrite {
    fileprivate func beginsAnew(_ column: Int, under rules: MergeRules) -> Bool {
        edit(of: column).map { beginsAnew($0, under: rules) } ?? false
    }

    /// Whether nothing that the author had seen of the edit's column matters any more.
    ///
    /// For sets and maps only what shows without reading JSON: to prune less is no harm.
    fileprivate func beginsAnew(_ edit: ColumnEdit, under rules: MergeRules) -> Bool {
        let policy = rules.policy(of: edit.column)
        return switch policy {
        case .set, .map: kind == .insert || !edit.before.mayHoldParts || !edit.after.mayHoldParts
        default: policy.isRegister || policy.isAssignment(StampedEdit(edit, of: self))
        }
    }
}

extension Value? {
    fileprivate var mayHoldParts: Bool {
        switch self {
        case .json, .text, .array: true
        default: false
        }
    }
}
