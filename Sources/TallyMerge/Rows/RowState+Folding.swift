extension RowState {
    /// Folds writes that every author has seen into the base, and with them the record of their clashes.
    ///
    /// What is folded is the largest set of writes with dots in `stable` that every remaining write has seen. Nothing is
    /// folded while a clash among them waits for a person, nor where they leave no row and a remaining write updates
    /// it. `DESIGN.md`, *Folding*, shows why later outcomes stay as they would have been.
    ///
    /// - Parameter stable: What every write that is still to arrive has seen.
    /// - Throws: What `evaluating` throws; the state is then as it was.
    public mutating func fold(
        stable: VersionVector,
        under rules: MergeRules,
        evaluating: any MergeExpressions
    ) throws {
        let (folded, remaining) = divided(by: stable)
        guard !folded.isEmpty else { return }
        let past = RowState(base: base, seen: seen, writes: folded)
        let outcome = try past.outcome(under: rules, evaluating: evaluating)
        let isUndecided = outcome.clashes.contains { clash in
            clash.isWaiting && !remaining.contains { $0.edits.contains { $0.column == clash.column } }
        }
        if isUndecided { return }
        if outcome.row == nil, remaining.contains(where: { $0.kind == .update }) { return }
        var seen = seen
        for write in folded {
            seen.insert(write.stamp.dot)
            seen.formUnion(write.stamp.context)
        }
        self = RowState(base: outcome.row, seen: seen, writes: remaining)
    }

    /// The writes that can be folded, and the others.
    private func divided(by stable: VersionVector) -> (folded: [RowWrite], remaining: [RowWrite]) {
        var folded = writes.filter { stable.includes($0.stamp.dot) }
        var remaining = writes.filter { !stable.includes($0.stamp.dot) }
        var unread = remaining
        // Whatever a remaining write has not seen remains as well, and its own context then counts, until no more follow.
        while !unread.isEmpty, !folded.isEmpty {
            let seen = VersionVector.minimum(of: unread.map(\.stamp.context))
            unread = folded.filter { !seen.includes($0.stamp.dot) }
            folded.removeAll { !seen.includes($0.stamp.dot) }
            remaining += unread
        }
        remaining.sort { $0.stamp.precedes($1.stamp) }
        return (folded, remaining)
    }
}
