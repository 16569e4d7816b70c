/// Tells which of a set of writes no other one of them dominates.
struct Frontier: Sendable {
    private let seen: VersionVector
    private let stamps: [Stamp]

    init(of stamps: [Stamp]) {
        var seen = VersionVector()
        for stamp in stamps { seen.formUnion(stamp.context) }
        self.seen = seen
        self.stamps = stamps
    }

    func contains(_ stamp: Stamp) -> Bool {
        if !seen.includes(stamp.dot) { return true }
        // The union of the contexts says that some write has seen it. A context may hold its own write's dot, which is
        // no dominance: then look at each.
        return stamp.context.includes(stamp.dot) && !stamps.contains { $0.dominates(stamp) }
    }
}
