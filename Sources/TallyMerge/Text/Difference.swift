/// What has to be replaced to make one sequence into another.
struct Difference<Element: Hashable> {
    /// A part of the old sequence that gives way to a part of the new one; either may be empty.
    struct Hunk: Hashable {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// In order; between two of them the sequences are the same.
    private(set) var hunks: [Hunk]

    /// - Parameter limit: How many insertions and deletions are looked for; where there are more, all that lies between
    ///   the common beginning and the common end is replaced as one.
    init(from old: [Element], to new: [Element], limit: Int = 400) {
        let shorter = min(old.count, new.count)
        var start = 0
        while start < shorter, old[start] == new[start] { start += 1 }
        var end = 0
        while end < shorter - start, old[old.count - 1 - end] == new[new.count - 1 - end] { end += 1 }
        let middle = Hunk(old: start..<old.count - end, new: start..<new.count - end)
        if middle.old.isEmpty || middle.new.isEmpty {
            hunks = middle.old.isEmpty && middle.new.isEmpty ? [] : [middle]
        } else {
            hunks = Self.shortest(from: old, to: new, in: middle, limit: limit) ?? [middle]
        }
    }

    /// The places of the old sequence and of the new one that hold the same.
    func matches(oldCount: Int) -> [(old: Int, new: Int)] {
        var result: [(old: Int, new: Int)] = []
        var (old, new) = (0, 0)
        for hunk in hunks + [Hunk(old: oldCount..<oldCount, new: 0..<0)] {
            while old < hunk.old.lowerBound {
                result.append((old, new))
                (old, new) = (old + 1, new + 1)
            }
            (old, new) = (hunk.old.upperBound, hunk.new.upperBound)
        }
        return result
    }

    /// The greedy algorithm of Myers, *An O(ND) Difference Algorithm and Its Variations* (1986).
    private static func shortest(from old: [Element], to new: [Element], in middle: Hunk, limit: Int) -> [Hunk]? {
        let (height, width) = (middle.old.count, middle.new.count)
        /// The farthest place in the old sequence on each diagonal, from -distance to distance.
        var trace: [[Int]] = []
        var farthest = [0]
        for distance in 0...min(limit, height + width) {
            var next = Array(repeating: 0, count: 2 * distance + 1)
            for diagonal in stride(from: -distance, through: distance, by: 2) {
                var x = distance == 0 ? 0 : step(to: diagonal, distance: distance, over: farthest).x
                while x < height, x - diagonal < width,
                    old[middle.old.lowerBound + x] == new[middle.new.lowerBound + x - diagonal]
                { x += 1 }
                next[diagonal + distance] = x
                if x >= height, x - diagonal >= width {
                    trace.append(next)
                    return hunks(along: trace, in: middle)
                }
            }
            trace.append(next)
            farthest = next
        }
        return nil
    }

    /// Where a diagonal is first reached, and from which neighbour: by a deletion (from below) or an insertion.
    private static func step(to diagonal: Int, distance: Int, over farthest: [Int]) -> (x: Int, from: Int) {
        func reach(_ diagonal: Int) -> Int {
            let place = diagonal + distance - 1
            return farthest.indices.contains(place) ? farthest[place] : -1
        }
        let isInsertion =
            diagonal == -distance || (diagonal != distance && reach(diagonal - 1) < reach(diagonal + 1))
        return isInsertion ? (reach(diagonal + 1), diagonal + 1) : (reach(diagonal - 1) + 1, diagonal - 1)
    }

    private static func hunks(along trace: [[Int]], in middle: Hunk) -> [Hunk] {
        var reversed: [Hunk] = []
        var diagonal = middle.old.count - middle.new.count
        for distance in stride(from: trace.count - 1, to: 0, by: -1) {
            let (x, from) = step(to: diagonal, distance: distance, over: trace[distance - 1])
            let isInsertion = from > diagonal
            let old = middle.old.lowerBound + (isInsertion ? x : x - 1)
            let new = middle.new.lowerBound + (isInsertion ? x - diagonal - 1 : x - diagonal)
            let hunk = Hunk(old: old..<(isInsertion ? old : old + 1), new: new..<(isInsertion ? new + 1 : new))
            if let last = reversed.last, last.old.lowerBound == hunk.old.upperBound,
                last.new.lowerBound == hunk.new.upperBound
            {
                let joined = Hunk(
                    old: hunk.old.lowerBound..<last.old.upperBound,
                    new: hunk.new.lowerBound..<last.new.upperBound
                )
                reversed[reversed.count - 1] = joined
            } else {
                reversed.append(hunk)
            }
            diagonal = from
        }
        return reversed.reversed()
    }
}

extension Difference {
    /// Joins rewrites that only a few chance matches keep apart, so that two rewritings of one phrase stay readable.
    ///
    /// After the semantic clean-up of Fraser's *diff-match-patch*; mere insertions and mere deletions are left alone.
    func joiningRewrites() -> Difference {
        var result = self
        result.hunks = []
        for hunk in hunks {
            guard let last = result.hunks.last, hunk.isRewrite, last.isRewrite,
                hunk.old.lowerBound - last.old.upperBound <= min(3, hunk.size, last.size)
            else {
                result.hunks.append(hunk)
                continue
            }
            result.hunks[result.hunks.count - 1] = Hunk(
                old: last.old.lowerBound..<hunk.old.upperBound,
                new: last.new.lowerBound..<hunk.new.upperBound
            )
        }
        return result
    }
}

extension Difference.Hunk {
    fileprivate var isRewrite: Bool { !old.isEmpty && !new.isEmpty }
    fileprivate var size: Int { Swift.max(old.count, new.count) }
}
