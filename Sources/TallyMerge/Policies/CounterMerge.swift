internal import TallyModel

/// Merges a number to which every write adds its difference.
///
/// An insert, or an edit from or to something that is no number, *assigns*: it stands for everything its author had
/// seen. The others *add*, and count unless an assignment has seen them. The sum is taken in canonical order, so that
/// doubles add up alike everywhere.
struct CounterMerge {
    let base: Value?
    /// In canonical order, not empty.
    let edits: [StampedEdit]

    static func isAssignment(_ edit: StampedEdit) -> Bool {
        edit.isInsert || Number(edit.before) == nil || Number(edit.after) == nil
    }

    func merged() -> MergedColumn {
        let assignments = edits.filter(Self.isAssignment)
        let seen = Frontier(of: assignments.map(\.stamp))
        let additions = edits.filter { !Self.isAssignment($0) && seen.contains($0.stamp) }
        if assignments.isEmpty {
            // A column that came later is absent from the base: its default is in the first edit.
            return sum(from: Number(base) ?? Number(additions.first?.before), of: additions, clash: nil)
        }
        let initial = RegisterMerge(edits: assignments, policy: .latest).latest()
        guard let number = Number(initial.value) else {
            return MergedColumn(initial.value, clash: additions.isEmpty ? initial.clash : swallowing(additions))
        }
        return sum(from: number, of: additions, clash: initial.clash)
    }

    private func sum(from initial: Number?, of additions: [StampedEdit], clash: Clash?) -> MergedColumn {
        guard var sum = initial else { return MergedColumn(base) }
        for addition in additions {
            guard let before = Number(addition.before), let after = Number(addition.after) else { continue }
            sum.add(from: before, to: after)
        }
        return MergedColumn(sum.value, clash: clash)
    }

    /// The clash of an assignment of no number with additions that have nothing to be added to.
    private func swallowing(_ additions: [StampedEdit]) -> Clash {
        let candidates = RegisterMerge(edits: edits, policy: .latest).undominated()
        let winner = RegisterMerge(edits: edits.filter(Self.isAssignment), policy: .latest).undominated().last
        return Clash(column: nil, candidates: candidates.map(\.stamp.dot), winner: winner?.stamp.dot)
    }
}
