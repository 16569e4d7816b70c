extension Contest {
    /// The order in which rows are decided about, where that is not the one of their claims.
    struct Order {
        let count: Int
        /// What has to be decided about before others.
        private var forced: [Int: Set<Int>] = [:]
        /// What is better decided about before others.
        private var wished: [Int: Set<Int>] = [:]
        /// Rows that name each other in a ring: they wait for nothing.
        var out: Set<Int> = []

        init(count: Int) { self.count = count }

        /// Has a row decided about after another that it names, whatever was wished.
        ///
        /// - Returns: Whether that goes: rows that name each other in a ring have no order.
        mutating func force(_ later: Int, after earlier: Int) -> Bool {
            if Self.isPut(earlier, after: later, in: [forced]) { return false }
            // What is still wished after that comes again.
            if isPut(earlier, after: later) { wished = [:] }
            forced[later, default: []].insert(earlier)
            return true
        }

        /// Has a row decided about after another, if it need not be decided about before.
        mutating func wish(_ later: Int, after earlier: Int) {
            if !isPut(earlier, after: later) { wished[later, default: []].insert(earlier) }
        }

        /// Whether one is decided about after another, or is the same.
        func isPut(_ later: Int, after earlier: Int) -> Bool {
            Self.isPut(later, after: earlier, in: [forced, wished])
        }

        private static func isPut(_ later: Int, after earlier: Int, in orders: [[Int: Set<Int>]]) -> Bool {
            var (open, seen) = ([later], Set([later]))
            while let next = open.popLast() {
                if next == earlier { return true }
                for order in orders {
                    for place in order[next] ?? [] where seen.insert(place).inserted { open.append(place) }
                }
            }
            return false
        }

        /// All places, each as early as it goes.
        var sequence: [Int] {
            let before = forced.merging(wished) { $0.union($1) }
            var awaited = before.mapValues(\.count)
            var followers: [Int: [Int]] = [:]
            for (later, earlier) in before { for place in earlier { followers[place, default: []].append(later) } }
            var sequence: [Int] = []
            // Those that have waited, the first of them last: they are all before the others.
            var freed: [Int] = []
            var next = 0
            while sequence.count < count {
                let place: Int
                if let first = freed.popLast() {
                    place = first
                } else {
                    place = next
                    next += 1
                    if awaited[place] != nil { continue }
                }
                sequence.append(place)
                for follower in followers[place] ?? [] {
                    awaited[follower]! -= 1
                    guard awaited[follower] == 0 else { continue }
                    awaited[follower] = nil
                    if follower < next { freed.insert(follower, at: freed.end { $0 > follower }) }
                }
            }
            return sequence
        }
    }
}

extension [Int] {
    /// The first place behind those that fulfil a condition, which come first.
    fileprivate func end(where isBefore: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
