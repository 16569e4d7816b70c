import TallyModel

extension Contest {
    /// One way through all rows.
    struct Round {
        private let contest: Contest
        private let order: Order
        private(set) var verdicts: [Verdict?]
        /// The places of those that are there so far, by what they have in the columns of each unique constraint of their table.
        private var standing: [Int: [ValueIndex<Int>]]
        /// When each was decided about.
        private var turns: [Int]
        /// Who lost to a row whose claim to just that is the later one.
        private(set) var objections: [(later: Int, earlier: Int)] = []

        init(of contest: Contest, in order: Order) {
            self.contest = contest
            self.order = order
            verdicts = [Verdict?](repeating: nil, count: contest.contenders.count)
            turns = [Int](repeating: 0, count: contest.contenders.count)
            standing = contest.rules.terms.mapValues { [ValueIndex<Int>](repeating: ValueIndex(), count: $0.count) }
            for (turn, place) in order.sequence.enumerated() {
                turns[place] = turn
                let verdict = verdict(on: place)
                verdicts[place] = verdict
                if let row = verdict.row { stand(place, as: row) }
            }
        }

        private mutating func stand(_ place: Int, as row: Row) {
            let table = contest.contenders[place].id.table
            for (rule, terms) in (contest.rules.terms[table] ?? []).enumerated() {
                standing[table]?[rule].add(row.having(terms.map(\.column)), place)
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
            object(place, obstacle, with: contender.state)
            let breach = Breach(row: id, rule: .unique(obstacle.terms, contest.contenders[obstacle.place].id))
            let named = obstacle.terms.map(\.column)
            guard let claim = Merger.claim(on: named, in: contender.state) else {
                return .loses(Loss(breaches: [breach], columns: named, shown: nil, further: nil))
            }
            let columns = named.isEmpty ? claim.edits.map(\.column) : named
            var shown = contest.tables[id.table].former(of: wanted, claim, columns)
            if let row = shown, row == wanted || !hopeless(place, row).isEmpty { shown = nil }
            let further = shown.flatMap { self.obstacle(of: place, $0) }
            if let further {
                // What rows passed on among themselves in one transaction they do not take back one by one.
                object(place, further, with: contender.state.leavingOut([claim.stamp.dot]), unlessBy: claim.stamp.dot)
                shown = nil
            }
            let beyond = further.map { Breach(row: id, rule: .unique($0.terms, contest.contenders[$0.place].id)) }
            return .loses(Loss(breaches: [breach], columns: columns, shown: shown, further: beyond))
        }

        /// Notes where a row gives way to one that came by what clashes later, and that only another constraint put before it.
        ///
        /// - Parameters:
        ///   - state: With the write by which the row itself had come by it.
        ///   - dot: A transaction that nobody is asked to give way for.
        private mutating func object(
            _ place: Int,
            _ obstacle: (place: Int, terms: [UniqueTerm]),
            with state: RowState,
            unlessBy dot: Dot? = nil
        ) {
            guard obstacle.place < place, !order.isPut(place, after: obstacle.place) else { return }
            let rival = contest.contenders[obstacle.place]
            let columns = obstacle.terms.map(\.column)
            let theirs = Merger.claim(on: columns, in: rival.state)
            if let dot, theirs?.stamp.dot == dot { return }
            let mine = Merger.claim(on: columns, in: state)
            if Contest.precedes((mine, contest.contenders[place].id), (theirs, rival.id)) {
                objections.append((obstacle.place, place))
            }
        }

        /// What a row cannot be beside, of those that are there so far: the one that was first.
        private func obstacle(of place: Int, _ row: Row) -> (place: Int, terms: [UniqueTerm])? {
            let contender = contest.contenders[place]
            var near = contest.rules.rivals(of: contender.id).compactMap { contest.places[$0] }
            for (index, terms) in zip(standing[contender.id.table] ?? [], contest.rules.terms[contender.id.table] ?? [])
            {
                near += index.near(row.having(terms.map(\.column)))
            }
            var first: (place: Int, terms: [UniqueTerm])?
            for other in near where other != place {
                if let first, turns[first.place] <= turns[other] { continue }
                let rival = contest.contenders[other]
                guard let held = verdicts[other]?.row,
                    let terms = contest.rules.clash(contender.id, row, rival.id, held)
                else { continue }
                // What every member has long known side by side stays.
                let columns = terms.map(\.column)
                if Merger.claim(on: columns, in: contender.state) == nil,
                    Merger.claim(on: columns, in: rival.state) == nil
                {
                    continue
                }
                first = (other, terms)
            }
            return first
        }

        // MARK: What rows name

        /// What a row names that is not there, and cannot come to be.
        private func hopeless(_ place: Int, _ row: Row) -> [Link] {
            let contender = contest.contenders[place]
            return zip(contender.links, contest.sources[place]).filter { link, sources in
                !isMet(link, sources, row) && (order.out.contains(place) || sources.allSatisfy { verdicts[$0] != nil })
            }.map(\.0)
        }

        /// Whether what a row names is there so far, if it names it.
        private func isMet(_ link: Link, _ sources: [Int], _ row: Row) -> Bool {
            guard Merger.mayBeSame(row.having(link.columns), link.named) else { return true }
            switch link.breach.rule {
            case .parent(_, let parent):
                return parent == link.breach.row || sources.contains { verdicts[$0]?.row != nil }
            case .reference(_, let referenced):
                let isThere = { (row: Row) in Merger.mayBeSame(row.having(referenced.columns), link.named) }
                if referenced.table == link.breach.row.table, isThere(row) { return true }
                return sources.contains { verdicts[$0]?.row.map(isThere) ?? false }
            default: return true
            }
        }

        /// Those that are there without what they name, and what they were decided about before.
        var forsaken: [(place: Int, sources: [Int])] {
            let all = contest.contenders.indices.compactMap { place -> (place: Int, sources: [Int])? in
                guard let row = verdicts[place]?.row else { return nil }
                let unmet = zip(contest.contenders[place].links, contest.sources[place]).filter { link, sources in
                    !isMet(link, sources, row)
                }
                if unmet.isEmpty { return nil }
                return (place, unmet.flatMap(\.1).filter { turns[$0] > turns[place] })
            }
            // Whoever lost to one of them may be there after all.
            let leaving = Set(all.map { contest.contenders[$0.place].id })
            let certain = all.filter { child in
                !child.sources.contains { source in
                    guard case .loses(let loss)? = verdicts[source] else { return false }
                    return loss.breaches.contains { breach in
                        breach.rule.isUnique && breach.rows.contains { $0 != breach.row && leaving.contains($0) }
                    }
                }
            }
            return certain.isEmpty ? all : certain
        }
    }
}
