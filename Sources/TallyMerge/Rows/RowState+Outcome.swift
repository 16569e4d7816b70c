internal import TallyModel

extension RowState {
    /// What the writes come to: the row, and where they clash.
    ///
    /// - Throws: What `evaluating` throws; nothing else.
    public func outcome(under rules: MergeRules, evaluating: any MergeExpressions) throws -> MergeOutcome {
        switch writes.count {
        case 0: return MergeOutcome(row: base, clashes: [])
        case 1: return MergeOutcome(row: writes[0].kind == .delete ? nil : base.applying(writes[0]), clashes: [])
        default: return try mergedOutcome(under: rules, evaluating: evaluating)
        }
    }

    private func mergedOutcome(under rules: MergeRules, evaluating: any MergeExpressions) throws -> MergeOutcome {
        let (isPresent, clash) = existence(under: rules.delete)
        var outcome = MergeOutcome(row: nil, clashes: clash.map { [$0] } ?? [])
        guard isPresent else { return outcome }
        let width = writes.reduce(base?.values.count ?? 0) { max($0, ($1.edits.last?.column ?? -1) + 1) }
        var row = Row([])
        row.values.reserveCapacity(width)
        for column in 0..<width {
            let merged = try history(of: column).merged(by: rules.policy(of: column), evaluating: evaluating)
            row.values.append(merged.value)
            if var clash = merged.clash {
                clash.column = column
                outcome.clashes.append(clash)
            }
        }
        outcome.row = row
        return outcome
    }

    private func history(of column: Int) -> ColumnHistory {
        var history = ColumnHistory(base: base.value(at: column), edits: [])
        for write in writes {
            guard let edit = write.edit(of: column) else { continue }
            history.edits.append(StampedEdit(edit, of: write))
        }
        return history
    }

    /// Whether there is a row, as the writes have it that no other has seen.
    private func existence(under policy: DeletePolicy) -> (isPresent: Bool, clash: Clash?) {
        let frontier = Frontier(of: writes.map(\.stamp))
        let candidates = writes.filter { frontier.contains($0.stamp) }
        let lastDelete = candidates.last { $0.kind == .delete }
        guard let lastDelete else { return (true, nil) }
        guard let lastOther = candidates.last(where: { $0.kind != .delete }) else { return (false, nil) }
        let isPresent =
            switch policy {
            case .wins: false
            case .loses: true
            case .latest: lastDelete.stamp.precedes(lastOther.stamp)
            }
        let winner = isPresent ? lastOther : lastDelete
        let clash = Clash(column: nil, candidates: candidates.map(\.stamp.dot), winner: winner.stamp.dot)
        return (isPresent, clash)
    }
}

extension StampedEdit {
    init(_ edit: ColumnEdit, of write: RowWrite) {
        self.init(stamp: write.stamp, isInsert: write.kind == .insert, before: edit.before, after: edit.after)
    }
}

extension Row? {
    fileprivate func value(at column: Int) -> Value? {
        guard let self, column < self.values.count else { return nil }
        return self.values[column]
    }

    /// The row with one write's values over it.
    fileprivate func applying(_ write: RowWrite) -> Row {
        var row = self ?? Row([])
        let width = (write.edits.last?.column ?? -1) + 1
        row.values.reserveCapacity(width)
        for edit in write.edits {
            while row.values.count <= edit.column { row.values.append(nil) }
            row.values[edit.column] = edit.after
        }
        return row
    }
}
