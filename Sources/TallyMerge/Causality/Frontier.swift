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
        // The union knows of no gaps in what was seen, and a context may hold its own write's dot: look at each.
        return !stamps.contains { $0.dominates(stamp) }
    }
}
