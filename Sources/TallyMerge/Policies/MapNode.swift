/// What a write did to one place in a JSON document.
struct MapEdit {
    var stamp: Stamp
    /// Nil when there was nothing.
    var before: JSON?
    /// Nil when the place is taken away.
    var after: JSON?
    /// Taken away by not being named in an assignment of the whole object, which yields to whoever names it.
    var isUnnamed = false

    /// Whether the edit says all about the place, and not only about some keys in it.
    var isAssignment: Bool { before?.members == nil || after?.members == nil }

    /// What the edit did to one key in the place, which held `old` before and `new` after; nil when it left it alone.
    func edit(from old: JSON?, to new: JSON?) -> MapEdit? {
        if isUnnamed { return MapEdit(stamp: stamp, before: nil, after: nil, isUnnamed: true) }
        if isAssignment { return MapEdit(stamp: stamp, before: nil, after: new, isUnnamed: old == nil && new == nil) }
        return JSON.means(old, new) ? nil : MapEdit(stamp: stamp, before: old, after: new)
    }
}

/// One place in a JSON document, and everything that concurrent writes did to it.
struct MapNode {
    let base: JSON?
    /// In canonical order.
    let edits: [MapEdit]
    /// The writes that set one key to different things.
    private(set) var clashing: Set<Dot> = []

    init(base: JSON?, edits: [MapEdit]) {
        self.base = base
        self.edits = edits
    }

    /// What the place holds; nil when there is nothing.
    mutating func merged() -> JSON? {
        if edits.isEmpty { return base }
        let frontier = Frontier(of: edits.map(\.stamp))
        let candidates = edits.filter { frontier.contains($0.stamp) }
        let named = candidates.filter { !$0.isUnnamed }
        guard let winner = named.last else { return nil }
        let isAgreed = named.allSatisfy { JSON.means($0.after, winner.after) }
        // Of an object that its author only changed, an assignment that does not name it has taken away what it had seen.
        if isAgreed, winner.isAssignment || named.count == candidates.count { return winner.after }
        if !isAgreed, named.contains(where: { $0.after?.members == nil }) { clashing.formUnion(named.map(\.stamp.dot)) }
        return winner.after?.members == nil ? winner.after : mergedObject()
    }

    private mutating func mergedObject() -> JSON {
        // What an assignment has seen is of no matter any more: neither its values nor the places of its keys.
        let assignments = edits.filter(\.isAssignment)
        let frontier = Frontier(of: assignments.map(\.stamp))
        let live = edits.filter { frontier.contains($0.stamp) }
        let base = assignments.isEmpty ? base : nil
        let values = (
            base: base?.byName ?? [:], before: live.map { $0.before?.byName }, after: live.map { $0.after?.byName }
        )
        var members: [JSON.Member] = []
        var names: Set<[UInt8]> = []
        for member in ([base] + live.map(\.after)).flatMap({ $0?.members ?? [] }) {
            guard names.insert(member.name).inserted else { continue }
            let edits = live.indices.compactMap { index in
                live[index].edit(from: values.before[index]?[member.name], to: values.after[index]?[member.name])
            }
            var node = MapNode(base: values.base[member.name], edits: edits)
            if let value = node.merged() {
                members.append(JSON.Member(name: member.name, spelledName: member.spelledName, value: value))
            }
            clashing.formUnion(node.clashing)
        }
        return JSON(members: members)
    }
}
