import TallyMerge
import TallyModel

/// Writes of a row as worked examples spell them.
struct Table {
    var base: Row?
    var rules: MergeRules
    private(set) var writes: [RowWrite] = []

    init(_ policy: ColumnPolicy, base: Value?, delete: DeletePolicy = .latest) {
        self.base = base.map { Row([$0]) }
        rules = MergeRules(columns: [policy], delete: delete)
    }

    /// Adds a write of column 0 by an actor; the number of its write is how many it has made.
    @discardableResult
    mutating func write(
        _ actor: UInt16,
        at time: Int64,
        seen: [UInt16: UInt64] = [:],
        _ kind: RowWrite.Kind = .update,
        from before: Value? = nil,
        to after: Value? = nil
    ) -> Dot {
        let dot = Dot(actor: Actor(actor), counter: UInt64(writes.count { $0.stamp.dot.actor == Actor(actor) } + 1))
        var context = VersionVector()
        for (actor, counter) in seen { context[Actor(actor)] = counter }
        let stamp = Stamp(dot: dot, time: HybridTime(microseconds: time), context: context)
        let edits = kind == .delete ? [] : [ColumnEdit(column: 0, before: before, after: after)]
        writes.append(RowWrite(stamp: stamp, kind: kind, edits: edits))
        return dot
    }

    var state: RowState {
        var state = RowState(base: base, seen: VersionVector())
        for write in writes { state.add(write) }
        return state
    }

    func outcome() throws -> MergeOutcome {
        try state.outcome(under: rules, evaluating: Concatenation())
    }

    /// The value of column 0.
    func value() throws -> Value? {
        try outcome().row?.values[0]
    }
}
