internal import TallyModel

/// Merges prose by position: what each edit inserted and deleted is replayed in canonical order on what its author saw.
///
/// An insert, or an edit from or to something that is no text, *assigns*: while no later edit has seen it, the latest
/// value is taken as with a register.
struct TextMerge {
    let base: Value?
    /// In canonical order, not empty.
    let edits: [StampedEdit]

    static func isAssignment(_ edit: StampedEdit) -> Bool {
        guard !edit.isInsert, case .text? = edit.before, case .text? = edit.after else { return true }
        return false
    }

    func merged() -> MergedColumn {
        let register = RegisterMerge(edits: edits, policy: .latest)
        if register.undominated().contains(where: Self.isAssignment) { return register.latest() }
        let assignments = edits.filter(Self.isAssignment)
        let frontier = Frontier(of: assignments.map(\.stamp))
        let start = assignments.isEmpty ? base : RegisterMerge(edits: assignments, policy: .latest).latest().value
        let typed = edits.filter { !Self.isAssignment($0) && frontier.contains($0.stamp) }
        var sequence = TextSequence(units(of: start))
        for (index, edit) in typed.enumerated() {
            sequence.apply(
                writer: index,
                from: units(of: edit.before),
                to: units(of: edit.after),
                seen: typed[..<index].map { edit.stamp.dominates($0.stamp) }
            )
        }
        return MergedColumn(.text(TextUnit.text(of: sequence.units)))
    }

    private func units(of value: Value?) -> [TextUnit] {
        if case .text(let text) = value { TextUnit.units(of: text) } else { [] }
    }
}
