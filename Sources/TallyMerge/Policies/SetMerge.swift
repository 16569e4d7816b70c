internal import TallyModel

/// Merges a column that holds a set: an observed-remove set (Shapiro, Preguiça, Baquero, Zawirski, 2011).
///
/// Each insertion of an element is marked with its write. A removal takes away the marks that its author had seen, and
/// an element is there while a mark is left; so of an insertion and a removal that knew nothing of each other the
/// insertion stays. An edit from or to something that is no array *assigns*: it takes away every mark its author had
/// seen and inserts what it holds.
struct SetMerge {
    let base: Value?
    /// In canonical order, not empty.
    let edits: [StampedEdit]

    /// One insertion of an element, by the base where there is no stamp.
    private struct Mark {
        var element: Element
        var stamp: Stamp?

        func isSeen(by stamp: Stamp) -> Bool {
            self.stamp.map { stamp.dominates($0) } ?? true
        }
    }

    static func isAssignment(_ edit: StampedEdit) -> Bool {
        edit.isInsert || Element.elements(of: edit.before) == nil || Element.elements(of: edit.after) == nil
    }

    func merged() -> MergedColumn {
        let register = RegisterMerge(edits: edits, policy: .latest)
        let candidates = register.undominated()
        let isArrays = candidates.allSatisfy { isNull($0.after) || Element.elements(of: $0.after) != nil }
        guard isArrays, let last = candidates.last else { return register.latest() }
        // In the order of insertion; what an element was first inserted by that is left gives its place and spelling.
        var marks = (Element.elements(of: base) ?? []).map { Mark(element: $0, stamp: nil) }
        for edit in edits { apply(edit, to: &marks) }
        var seen: Set<[UInt8]> = []
        let elements = marks.map(\.element).filter { seen.insert($0.identity).inserted }
        if elements.isEmpty, isNull(last.after) { return MergedColumn(last.after) }
        let form = candidates.last { !isNull($0.after) }?.after
        return MergedColumn(Element.value(of: elements, like: form))
    }

    private func apply(_ edit: StampedEdit, to marks: inout [Mark]) {
        let after = Element.elements(of: edit.after) ?? []
        let kept = Set(after.map(\.identity))
        let before = Self.isAssignment(edit) ? nil : Element.elements(of: edit.before)
        let known = before.map { Set($0.map(\.identity)) }
        marks.removeAll { mark in
            let isRemoved = known.map { $0.contains(mark.element.identity) && !kept.contains(mark.element.identity) }
            return isRemoved ?? true && mark.isSeen(by: edit.stamp)
        }
        for element in after where known?.contains(element.identity) != true {
            marks.append(Mark(element: element, stamp: edit.stamp))
        }
    }

    private func isNull(_ value: Value?) -> Bool {
        value == nil || value == .null
    }
}
