internal import TallyModel

/// An edit of a column, and the stamp of the write that it belongs to.
struct StampedEdit: Sendable {
    var stamp: Stamp
    var isInsert: Bool
    var before: Value?
    var after: Value?
}

/// What a column comes to, and what it clashed on; the clash names no column yet.
struct MergedColumn: Sendable {
    var value: Value?
    var clash: Clash?

    init(_ value: Value?, clash: Clash? = nil) {
        self.value = value
        self.clash = clash
    }
}

/// All edits of one column, in canonical order.
struct ColumnHistory: Sendable {
    var base: Value?
    var edits: [StampedEdit]

    /// What the column comes to.
    ///
    /// Where the last edit has seen all the others, its value is taken as it was written.
    func merged(by policy: ColumnPolicy, evaluating: any MergeExpressions) throws -> MergedColumn {
        guard let last = edits.last else { return MergedColumn(base) }
        if edits.dropLast().allSatisfy({ last.stamp.dominates($0.stamp) }) { return MergedColumn(last.after) }
        if policy.isRegister { return try RegisterMerge(edits: edits, policy: policy).merged(evaluating: evaluating) }
        var result = MergedColumn(base)
        for stage in stages() {
            result = stage.count == 1 ? MergedColumn(stage[0].after) : merged(result, stage, policy)
        }
        return result
    }

    private func merged(_ base: MergedColumn, _ stage: [StampedEdit], _ policy: ColumnPolicy) -> MergedColumn {
        switch policy {
        case .counter: CounterMerge(base: base.value, edits: stage).merged()
        case .set: SetMerge(base: base.value, edits: stage).merged()
        case .map: MapMerge(base: base.value, edits: stage).merged()
        case .text: TextMerge(base: base.value, edits: stage).merged()
        default: RegisterMerge(edits: stage, policy: .latest).latest()
        }
    }

    /// The edits cut wherever all later ones have seen all earlier ones, from the last place on where a single edit
    /// stands between two cuts, since its value says all about what was before.
    ///
    /// What a stage comes to is the base of the next, just as if it had been folded.
    func stages() -> [[StampedEdit]] {
        var earlier: [VersionVector] = []
        var dots = VersionVector()
        for edit in edits {
            earlier.append(dots)
            dots.insert(edit.stamp.dot)
        }
        var stages: [[StampedEdit]] = []
        var end = edits.endIndex
        var seen: VersionVector?
        for index in edits.indices.reversed() {
            seen = VersionVector.minimum(of: [edits[index].stamp.context] + (seen.map { [$0] } ?? []))
            guard index == 0 || seen?.covers(earlier[index]) == true else { continue }
            stages.append(Array(edits[index..<end]))
            if end - index == 1 { break }
            end = index
        }
        return stages.reversed()
    }
}
