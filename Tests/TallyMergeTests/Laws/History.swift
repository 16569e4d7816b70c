import TallyMerge
import TallyModel

/// A random history of one row: several actors write, each on what it has seen, and hear from each other now and then.
struct History {
    static let rules = MergeRules(
        columns: [
            .latest, .earliest, .greatest, .least, .prefer([Actor(2), Actor(1)]), .expression("+"), .manual, .counter,
            .counter, .counter, .set, .map, .text,
        ]
    )

    let base: Row?
    private(set) var writes: [RowWrite] = []
    let rules: MergeRules

    /// - Parameter columns: Which of the columns are written to.
    init(seed: UInt64, writes count: Int, columns: [Int] = Array(rules.columns.indices), deletes: Bool = true) throws {
        var generator = Generator(seed: seed)
        var rules = Self.rules
        rules.delete = DeletePolicy.allCases[generator.below(3)]
        self.rules = rules
        var samples = Samples(seed: seed)
        let isThere = !deletes || generator.chance(3, in: 4)
        base = isThere ? Row(rules.columns.indices.map { samples.value(after: nil, column: $0) }) : nil
        let actors = (1...2 + generator.below(5)).map { Actor(UInt16($0)) }
        var seen = Dictionary(uniqueKeysWithValues: actors.map { ($0, VersionVector()) })
        var counters: [Actor: UInt64] = [:]
        let liveliness = 1 + generator.below(4)
        while writes.count < count {
            let actor = actors[generator.below(actors.count)]
            if generator.chance(liveliness, in: 5) {
                let heard = seen[actors[generator.below(actors.count)]] ?? VersionVector()
                seen[actor]?.formUnion(heard)
            }
            var context = seen[actor] ?? VersionVector()
            if generator.chance(1, in: 10) { context[actor] = known(of: actor, in: context) }
            var view = RowState(base: base, seen: VersionVector())
            for write in writes where context.includes(write.stamp.dot) { view.add(write) }
            let row = try view.outcome(under: rules, evaluating: Concatenation()).row
            let stamp = HybridClock.stamp(
                committed: Timestamp(microseconds: Int64(generator.below(count))),
                seen: view.writes.map(\.stamp.time).max(),
                received: Timestamp(microseconds: .max / 2),
                skew: .zero
            )
            let dot = Dot(actor: actor, counter: counters[actor, default: 0] + 1 + UInt64(generator.below(2)))
            guard
                let (kind, edits) = samples.change(
                    to: row,
                    columns: columns,
                    width: rules.columns.count,
                    deletes: deletes,
                    using: &generator
                )
            else { continue }
            let stamped = Stamp(dot: dot, time: stamp.time, context: context)
            writes.append(RowWrite(stamp: stamped, kind: kind, edits: edits))
            counters[actor] = dot.counter
            seen[actor]?.insert(dot)
        }
    }

    /// What an actor's own writes cannot be left out of its context, because others that it has seen had seen them.
    private func known(of actor: Actor, in context: VersionVector) -> UInt64 {
        let others = writes.filter { $0.stamp.dot.actor != actor && context.includes($0.stamp.dot) }
        return others.map { $0.stamp.context[actor] }.max() ?? 0
    }

    func state(of writes: some Sequence<RowWrite>) -> RowState {
        var state = RowState(base: base, seen: VersionVector())
        for write in writes { state.add(write) }
        return state
    }

    func outcome(of state: RowState) throws -> MergeOutcome {
        try state.outcome(under: rules, evaluating: Concatenation())
    }
}
