internal import TallyModel

/// Merges a column that holds a JSON object key by key.
///
/// Each key is a small column of its own: the writes that changed it and that no other such write has seen are its
/// candidates. Objects are merged in turn, of anything else the latest is taken, and taking a key away is a value like
/// another. An edit from or to something that is no object *assigns* all keys at once; a key that it does not name it
/// takes away only from what its author had seen.
struct MapMerge {
    let base: Value?
    /// In canonical order, not empty.
    let edits: [StampedEdit]

    static func isAssignment(_ edit: StampedEdit) -> Bool {
        edit.isInsert || object(edit.before) == nil || object(edit.after) == nil
    }

    private static func object(_ value: Value?) -> JSON? {
        switch value {
        case .json(let text), .text(let text):
            guard let json = JSON(text), json.members != nil else { return nil }
            return json
        default: return nil
        }
    }

    func merged() -> MergedColumn {
        let register = RegisterMerge(edits: edits, policy: .latest)
        let candidates = register.undominated()
        guard let last = candidates.last, Self.object(last.after) != nil else { return register.latest() }
        let root = edits.map {
            MapEdit(
                stamp: $0.stamp,
                before: $0.isInsert ? nil : Self.object($0.before),
                after: Self.object($0.after)
            )
        }
        var node = MapNode(base: Self.object(base), edits: root)
        let result = node.merged() ?? JSON(members: [])
        let text = result.text
        let clash = Clash(
            column: nil,
            candidates: edits.map(\.stamp.dot).filter { node.clashing.contains($0) },
            winner: nil
        )
        let value: Value = if case .text = last.after { .text(text) } else { .json(text) }
        return MergedColumn(value, clash: node.clashing.isEmpty ? nil : clash)
    }
}
