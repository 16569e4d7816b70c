public import TallyModel

/// One row as its writes have made it: what every author has seen, and the writes that not everybody has seen yet.
///
/// Its outcome is a function of the base, the *set* of writes and the rules, and of nothing else; so the union of two
/// sets is a merge that is commutative, associative and idempotent, whatever the order in which writes arrive. See
/// `DESIGN.md` beside these sources.
public struct RowState: Sendable, Hashable {
    /// The row that every author has seen; nil when there is none.
    ///
    /// A place is absent where nobody knows it; where every outcome is decided by writes that are left, it may be
    /// absent or out of date.
    public private(set) var base: Row?
    /// The dots that are accounted for in the base: writes folded into it, and those that these had seen.
    public private(set) var seen: VersionVector
    /// In canonical order: by time, then actor, then counter.
    public private(set) var writes: [RowWrite]

    /// No row, and nothing known.
    public init() {
        self.init(base: nil, seen: VersionVector())
    }

    public init(base: Row?, seen: VersionVector) {
        self.init(base: base, seen: seen, writes: [])
    }

    /// - Parameter writes: In canonical order, none of which `seen` includes.
    init(base: Row?, seen: VersionVector, writes: [RowWrite]) {
        self.base = base
        self.seen = seen
        self.writes = writes
    }

    /// Whether every write has been folded into the base.
    public var isSettled: Bool { writes.isEmpty }

    /// Adds a write. Everyone who adds the write of a dot adds the same one.
    ///
    /// A write that ``prune(under:)`` has dropped and that arrives again is added again, without effect on any outcome.
    ///
    /// - Returns: False when it is known already: the same dot is present, or accounted for in the base.
    @discardableResult
    public mutating func add(_ write: RowWrite) -> Bool {
        if !writes.isEmpty, writes.contains(where: { $0.stamp.dot == write.stamp.dot }) { return false }
        if seen.includes(write.stamp.dot) { return false }
        var place = writes.endIndex
        while place > 0, write.stamp.precedes(writes[place - 1].stamp) { place -= 1 }
        writes.insert(write, at: place)
        return true
    }

    /// Adds all that the other state knows of the same row.
    ///
    /// Both began with the same base, and have folded under the same rules and according to what is truly stable; then
    /// one of the two has folded all that the other has (`DESIGN.md`, *Folding*), and its base is taken. Whichever is
    /// merged into the other, the outcome is the same; so are the bytes, where neither was pruned before it was folded.
    public mutating func merge(_ other: RowState) {
        let (further, nearer) = seen.covers(other.seen) ? (self, other) : (other, self)
        var result = RowState(base: further.base, seen: further.seen)
        var mine = further.writes[...]
        var others = nearer.writes.filter { !further.seen.includes($0.stamp.dot) }[...]
        while let left = mine.first, let right = others.first {
            if left.stamp.dot == right.stamp.dot {
                result.writes.append(left.union(right))
                (mine, others) = (mine.dropFirst(), others.dropFirst())
            } else if left.stamp.precedes(right.stamp) {
                result.writes.append(left)
                mine = mine.dropFirst()
            } else {
                result.writes.append(right)
                others = others.dropFirst()
            }
        }
        result.writes += Array(mine) + Array(others)
        self = result
    }

    /// Equal to the byte, as the encoded states are.
    public static func == (left: RowState, right: RowState) -> Bool {
        left.seen == right.seen && left.writes == right.writes && left.base.isIdentical(to: right.base)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(seen)
        hasher.combine(writes.count)
        for write in writes { hasher.combine(write.stamp) }
    }

    /// Replaces what is there by what pruning or folding has made of it.
    mutating func replace(writes: [RowWrite]) {
        self.writes = writes
    }
}

extension RowWrite {
    /// The write with the edits of both copies of it, each of which may have been pruned.
    fileprivate func union(_ other: RowWrite) -> RowWrite {
        if edits == other.edits { return self }
        let missing = other.edits.filter { edit in !edits.contains { $0.column == edit.column } }
        return RowWrite(stamp: stamp, kind: kind, edits: edits + missing)
    }
}

extension Row? {
    fileprivate func isIdentical(to other: Row?) -> Bool {
        switch (self, other) {
        case (nil, nil): true
        case (let left?, let right?):
            left.values.count == right.values.count
                && zip(left.values, right.values).allSatisfy { Value?.isIdentical($0, $1) }
        default: false
        }
    }
}
