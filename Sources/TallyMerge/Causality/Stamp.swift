/// Who wrote, when, and having seen what.
public struct Stamp: Sendable, Hashable {
    public var dot: Dot
    public var time: HybridTime
    /// What the row in front of the author had seen.
    ///
    /// It is causally closed: where it includes a write's dot it covers that write's context. It need not include the
    /// author's own earlier writes: one of them may have been overwritten by an apply before it was captured.
    public var context: VersionVector

    public init(dot: Dot, time: HybridTime, context: VersionVector) {
        self.dot = dot
        self.time = time
        self.context = context
    }

    /// Whether this write's author had seen the other write: its word then stands against the other's.
    public func dominates(_ other: Stamp) -> Bool {
        context.includes(other.dot) && dot != other.dot
    }

    /// Whether this write dominates the other and everything that the other dominates, even what is still to arrive.
    func supersedes(_ other: Stamp) -> Bool {
        dominates(other) && context.covers(other.context)
    }

    /// Before in canonical order: by time, then actor, then counter.
    ///
    /// Since the time of a write is later than those of the writes its author had seen (``HybridClock``), the order
    /// extends dominance.
    func precedes(_ other: Stamp) -> Bool {
        time == other.time ? dot < other.dot : time < other.time
    }
}
