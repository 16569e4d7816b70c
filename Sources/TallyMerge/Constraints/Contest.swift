package import TallyModel

/// Who may stand of rows that members cannot hold all at once.
///
/// Rows get what they claim one after the other, the earlier claim first: one whose claim clashes with those before it keeps
/// the values from before it claimed them, and where it has none, or these clash as well, it is not to be there; nor is one
/// that names a row which is not. All of it follows from the rows' states and from what is known of them. `DESIGN.md`,
/// *Constraints*.
package struct Contest {
    /// A row that is to be there.
    package struct Contender {
        package var id: RowID
        package var state: RowState
        /// What it comes to, as far as no other row is in its way.
        package var wanted: Row
        /// What it is known to name.
        package var links: [Link] = []

        package init(id: RowID, state: RowState, wanted: Row, links: [Link] = []) {
            self.id = id
            self.state = state
            self.wanted = wanted
            self.links = links
        }
    }

    /// What a row names.
    package struct Link {
        /// What it breaks where that is not there.
        var breach: Breach
        var columns: [Int]
        /// What it has in these columns: with other values it names something else.
        var named: Row

        package init(breach: Breach, columns: [Int], named: Row) {
            self.breach = breach
            self.columns = columns
            self.named = named
        }
    }

    /// What becomes of a row.
    package enum Verdict {
        case stands(Row)
        case loses(Loss)

        /// What members are to be brought.
        package var row: Row? {
            switch self {
            case .stands(let row): row
            case .loses(let loss): loss.shown
            }
        }
    }

    /// Why a row is not to be what it comes to, and what it is instead.
    package struct Loss {
        package var breaches: [Breach]
        package var columns: [Int]
        package var shown: Row?
        /// What stands against the values from before.
        package var further: Breach?
    }

    /// By their claims, the earliest first.
    private let contenders: [Contender]
    private let places: [RowID: Int]
    private let byTable: [Int: [Int]]
    private let rules: UniqueRules
    private let tables: [MergeTable]

    package init(_ contenders: [Contender], _ rules: UniqueRules, _ tables: [MergeTable]) {
        let claims = contenders.map { contender in
            (contender, write: Merger.claim(on: rules.columns(of: contender.id.table), in: contender.state))
        }
        self.contenders = claims.sorted { Self.precedes(($0.write, $0.0.id), ($1.write, $1.0.id)) }.map(\.0)
        places = Dictionary(uniqueKeysWithValues: self.contenders.enumerated().map { ($1.id, $0) })
        byTable = Dictionary(grouping: self.contenders.indices) { [contenders = self.contenders] in
            contenders[$0].id.table
        }
        self.rules = rules
        self.tables = tables
    }

    /// Earlier claims come first; what every member has long known is earlier than all, and of one transaction's the lesser
    /// key goes first.
    private static func precedes(_ left: (write: RowWrite?, id: RowID), _ right: (write: RowWrite?, id: RowID)) -> Bool
    {
        switch (left.write?.stamp, right.write?.stamp) {
        case (nil, nil): left.id < right.id
        case (nil, _): true
        case (_, nil): false
        case (let mine?, let theirs?): mine.dot == theirs.dot ? left.id < right.id : mine.precedes(theirs)
        }
    }

    // MARK: Deciding

    /// Decides about all rows.
    ///
    /// A row may stand before it is clear whether what it names does. Where that does not, both are decided once more, the one
    /// that is named first: so nobody loses to a row that is not to be there. Rows that name each other in a ring and of which
    /// one cannot stand are all not to be there. Each round adds to the order, so there is a last one.
    package func verdicts() -> [RowID: Verdict] {
        var order = Order(count: contenders.count)
        while true {
            let round = Round(of: self, in: order)
            if !round.objections.isEmpty {
                for (later, earlier) in round.objections { order.wish(later, after: earlier) }
                continue
            }
            let forsaken = round.forsaken
            if forsaken.isEmpty {
                return Dictionary(uniqueKeysWithValues: zip(contenders.map(\.id), round.verdicts.map { $0! }))
            }
            for (child, sources) in forsaken {
                for source in sources { order.force(child, after: source) }
            }
        }
    }

    /// The order in which rows are decided about, where that is not the one of their claims.
    private struct Order {
        let count: Int
        /// What has to be decided about before others.
        private var forced: [Int: Set<Int>] = [:]
        /// What is better decided about before others.
        private var wished: [Int: Set<Int>] = [:]
        /// Rows that name each other in a ring: they wait for nothing.
        var out: Set<Int> = []

        init(count: Int) { self.count = count }

        /// Has a row decided about after another that it names, whatever was wished; or takes it out where that is a ring.
        mutating func force(_ later: Int, after earlier: Int) {
            if Self.isPut(earlier, after: later, in: [forced]) {
                out.insert(later)
                return
            }
            // What is still wished after that comes again.
            if isPut(earlier, after: later) { wished = [:] }
            forced[later, default: []].insert(earlier)
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
            var (sequence, freed): ([Int], Set<Int>) = ([], [])
            var next = 0
            while sequence.count < count {
                // Those that have waited are all before the others.
                let place: Int
                if let first = freed.min() {
                    place = first
                    freed.remove(first)
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
                    if follower < next { freed.insert(follower) }
                }
            }
            return sequence
        }
    }

    /// One way through all rows.
    private struct Round {
        private let contest: Contest
        private let order: Order
        private(set) var verdicts: [Verdict?]
        /// The places of those that are there so far, by table.
        private var standing: [Int: [Int]] = [:]
        /// When each was decided about.
        private var turns: [Int]
        /// Who lost to a row whose claim to just that is the later one.
        private(set) var objections: [(later: Int, earlier: Int)] = []

        init(of contest: Contest, in order: Order) {
            self.contest = contest
            self.order = order
            verdicts = [Verdict?](repeating: nil, count: contest.contenders.count)
            turns = [Int](repeating: 0, count: contest.contenders.count)
            for (turn, place) in order.sequence.enumerated() {
                turns[place] = turn
                let verdict = verdict(on: place)
                verdicts[place] = verdict
                if verdict.row != nil { standing[contest.contenders[place].id.table, default: []].append(place) }
            }
        }

        private mutating func verdict(on place: Int) -> Verdict {
            let contender = contest.contenders[place]
            let (id, wanted) = (contender.id, contender.wanted)
            let unmet = hopeless(place, wanted)
            if !unmet.isEmpty {
                let columns = unmet.flatMap(\.columns)
                return .loses(Loss(breaches: unmet.map(\.breach), columns: columns, shown: nil, further: nil))
            }
            guard let obstacle = obstacle(of: place, wanted) else { return .stands(wanted) }
            let rival = contest.contenders[obstacle.place]
            let named = obstacle.terms.map(\.column)
            let claim = Merger.claim(on: named, in: contender.state)
            let theirs = Merger.claim(on: named, in: rival.state)
            // What every member has long known side by side stays.
            if claim == nil, theirs == nil { return .stands(wanted) }
            if obstacle.place < place, Contest.precedes((claim, id), (theirs, rival.id)),
                !order.isPut(place, after: obstacle.place)
            {
                objections.append((obstacle.place, place))
            }
            let breach = Breach(row: id, rule: .unique(obstacle.terms, rival.id))
            guard let claim else { return .loses(Loss(breaches: [breach], columns: named, shown: nil, further: nil)) }
            let columns = named.isEmpty ? claim.edits.map(\.column) : named
            var shown = contest.tables[id.table].former(of: wanted, claim, columns)
            if let row = shown, row == wanted || !hopeless(place, row).isEmpty { shown = nil }
            let further = shown.flatMap { self.obstacle(of: place, $0) }
            if let further, further.place < place, !order.isPut(place, after: further.place) {
                let others = contest.contenders[further.place]
                let columns = further.terms.map(\.column)
                let had = Merger.claim(on: columns, in: contender.state.leavingOut([claim.stamp.dot]))
                let have = Merger.claim(on: columns, in: others.state)
                if Contest.precedes((had, id), (have, others.id)) { objections.append((further.place, place)) }
            }
            if further != nil { shown = nil }
            let beyond = further.map { Breach(row: id, rule: .unique($0.terms, contest.contenders[$0.place].id)) }
            return .loses(Loss(breaches: [breach], columns: columns, shown: shown, further: beyond))
        }

        /// What a row cannot be beside, of those that are there so far.
        private func obstacle(of place: Int, _ row: Row) -> (place: Int, terms: [UniqueTerm])? {
            let id = contest.contenders[place].id
            guard contest.rules.concern(id.table) else { return nil }
            for other in standing[id.table] ?? [] {
                guard let rival = verdicts[other]?.row else { continue }
                if let terms = contest.rules.clash(id, row, contest.contenders[other].id, rival) {
                    return (other, terms)
                }
            }
            return nil
        }

        // MARK: What rows name

        /// What a row names that is not there, and cannot come to be.
        private func hopeless(_ place: Int, _ row: Row) -> [Link] {
            contest.contenders[place].links.filter { link in
                !isMet(link, of: place, row)
                    && (order.out.contains(place) || sources(of: link, but: place).allSatisfy { verdicts[$0] != nil })
            }
        }

        /// Whether what a row names is there so far, if it names it.
        private func isMet(_ link: Link, of place: Int, _ row: Row) -> Bool {
            guard Merger.mayBeSame(row.picking(link.columns), link.named) else { return true }
            switch link.breach.rule {
            case .parent(_, let parent):
                return parent == link.breach.row || contest.places[parent].flatMap { verdicts[$0]?.row } != nil
            case .reference(_, let referenced):
                let isThere = { (row: Row) in Merger.mayBeSame(row.picking(referenced.columns), link.named) }
                if referenced.table == link.breach.row.table, isThere(row) { return true }
                return sources(of: link, but: place).contains { verdicts[$0]?.row.map(isThere) ?? false }
            default: return true
            }
        }

        /// The rows that may be what one names.
        private func sources(of link: Link, but place: Int) -> [Int] {
            switch link.breach.rule {
            case .parent(_, let parent): contest.places[parent].map { [$0] } ?? []
            case .reference(_, let referenced): (contest.byTable[referenced.table] ?? []).filter { $0 != place }
            default: []
            }
        }

        /// Those that are there without what they name, and what they were decided about before.
        var forsaken: [(place: Int, sources: [Int])] {
            let all = contest.contenders.indices.compactMap { place -> (place: Int, sources: [Int])? in
                guard let row = verdicts[place]?.row else { return nil }
                let unmet = contest.contenders[place].links.filter { !isMet($0, of: place, row) }
                if unmet.isEmpty { return nil }
                return (place, unmet.flatMap { sources(of: $0, but: place) }.filter { turns[$0] > turns[place] })
            }
            // Whoever lost to one of them may be there after all.
            let leaving = Set(all.map { contest.contenders[$0.place].id })
            let certain = all.filter { child in
                !child.sources.contains { source in
                    guard case .loses(let loss)? = verdicts[source] else { return false }
                    return loss.breaches.contains {
                        $0.rule.isUnique && !$0.rows.subtracting([$0.row]).isDisjoint(with: leaving)
                    }
                }
            }
            return certain.isEmpty ? all : certain
        }
    }
}

/// The unique constraints that some rows clash under.
package struct UniqueRules {
    /// By table: the terms of each, in one order whoever asks.
    private var terms: [Int: [[UniqueTerm]]] = [:]
    private var tables: Set<Int> = []
    private let told: Set<ToldClash>

    package init(_ breaches: Set<Breach>, _ told: Set<ToldClash>) {
        self.told = told
        var sets: [Int: Set<[UniqueTerm]>] = [:]
        for breach in breaches {
            guard case .unique(let terms, _) = breach.rule, !terms.isEmpty else { continue }
            sets[breach.row.table, default: []].insert(terms)
        }
        terms = sets.mapValues { sets in
            sets.sorted { left, right in
                left.lexicographicallyPrecedes(right) {
                    ($0.column, $0.folding.rawValue) < ($1.column, $1.folding.rawValue)
                }
            }
        }
        tables = Set(terms.keys).union(told.map(\.first.table))
    }

    /// Whether there is one for a table.
    func concern(_ table: Int) -> Bool { tables.contains(table) }

    func columns(of table: Int) -> [Int] { Set((terms[table] ?? []).joined().map(\.column)).sorted() }

    /// The terms by which two rows must not be, and are, the same: none of them where members said so; `nil` where they may
    /// be as they are.
    func clash(_ id: RowID, _ row: Row, _ other: RowID, _ rival: Row) -> [UniqueTerm]? {
        guard id.table == other.table else { return nil }
        if let terms = terms[id.table]?.first(where: { $0.clash(row, rival) }) { return terms }
        return told.isEmpty ? nil : told.contains(ToldClash(id, row, other, rival)) ? [] : nil
    }
}
