internal import TallyModel

/// Merges edits that each set the whole value: the undominated ones are candidates, and the policy chooses.
struct RegisterMerge {
    /// In canonical order, not empty.
    let edits: [StampedEdit]
    let policy: ColumnPolicy

    func merged(evaluating: any MergeExpressions) throws -> MergedColumn {
        let candidates = undominated()
        guard case .expression(let expression) = policy, disagree(candidates), let first = candidates.first else {
            return chosen(from: candidates)
        }
        var value = first.after ?? .null
        for next in candidates.dropFirst() {
            value = try evaluating.value(
                of: expression,
                base: first.before,
                current: value,
                incoming: next.after ?? .null
            )
        }
        return MergedColumn(value, clash: Clash(column: nil, candidates: candidates.map(\.stamp.dot), winner: nil))
    }

    /// What the policy `latest` makes of the edits.
    func latest() -> MergedColumn {
        RegisterMerge(edits: edits, policy: .latest).chosen(from: undominated())
    }

    /// The edits that no other has seen.
    func undominated() -> [StampedEdit] {
        let frontier = Frontier(of: edits.map(\.stamp))
        return edits.filter { frontier.contains($0.stamp) }
    }

    private func chosen(from candidates: [StampedEdit]) -> MergedColumn {
        guard let winner = candidates.max(by: isOutdone) else { return MergedColumn(nil) }
        guard disagree(candidates) else { return MergedColumn(winner.after) }
        let clash = Clash(
            column: nil,
            candidates: candidates.map(\.stamp.dot),
            winner: winner.stamp.dot,
            isWaiting: policy == .manual
        )
        return MergedColumn(winner.after, clash: clash)
    }

    /// Whether the values differ in more than spelling: `5` from one kind of store is `5.0` from another.
    private func disagree(_ candidates: [StampedEdit]) -> Bool {
        candidates.dropFirst().contains { ColumnHistory.differ($0.after, candidates[0].after) }
    }

    /// Whether the right edit stands instead of the left one.
    private func isOutdone(_ left: StampedEdit, by right: StampedEdit) -> Bool {
        let isLater = left.stamp.precedes(right.stamp)
        switch policy {
        case .earliest: return right.stamp.precedes(left.stamp)
        case .greatest, .least:
            let order = ValueOrder.compare(left.after ?? .null, right.after ?? .null)
            return order == 0 ? isLater : (order < 0) == (policy == .greatest)
        case .prefer(let actors):
            let mine = actors.firstIndex(of: left.stamp.dot.actor) ?? actors.endIndex
            let other = actors.firstIndex(of: right.stamp.dot.actor) ?? actors.endIndex
            return mine == other ? isLater : other < mine
        default: return isLater
        }
    }
}

extension ColumnHistory {
    /// Whether two values differ in more than spelling.
    static func differ(_ left: Value?, _ right: Value?) -> Bool {
        switch (left, right) {
        case (nil, nil): false
        case (let left?, let right?): ValueOrder.compare(left, right) != 0
        default: true
        }
    }
}
