import TallyMerge
import TallyModel

/// Members that hold rows to a constraint.
extension GroupSimulation {
    private static let parent = 3

    /// What no two rows may have the same, each by itself.
    private var uniques: [[UniqueTerm]] {
        switch shape.constraint {
        case nil, .parent: []
        case .unique, .family: [[UniqueTerm(column: 1)]]
        case .caseless, .opaque: [[UniqueTerm(column: 1, folding: .ascii)]]
        case .pair: [[UniqueTerm(column: 1)], [UniqueTerm(column: Self.parent)]]
        case .place: [[UniqueTerm(column: 1), UniqueTerm(column: Self.parent)]]
        }
    }

    var hasParents: Bool { [.parent, .family, .place].contains(shape.constraint) }

    /// What a row has in some columns, as the constraint compares it.
    private func value(of row: Row?, _ terms: [UniqueTerm]) -> [String]? {
        let values = terms.compactMap { term in
            switch row.flatMap({ $0[term.column] }) {
            case .text(let text): term.folding.folded(text)
            case .integer(let number): "\(number)"
            default: nil
            }
        }
        return values.count == terms.count ? values : nil
    }

    /// What members say of two rows that may not be side by side; `nil` of others.
    private func clash(_ row: Row?, _ other: Row?) -> [UniqueTerm]? {
        let terms = uniques.first { value(of: row, $0) != nil && value(of: row, $0) == value(of: other, $0) }
        return shape.constraint == .opaque ? terms.map { _ in [] } : terms
    }

    /// What a new member does about the constraint; the first one always has it.
    mutating func keeping(_ index: Int) -> SimulatedMember.Keeping {
        guard let constraint = shape.constraint else { return .never }
        guard shape.isMixed else { return hasParents && constraint.isUnique ? .resting : .always }
        // Where another member looks as well nothing comes of it.
        if shape.flaw == .deafness { return index == 0 ? .resting : .never }
        let isNever = dice.below(3) == 0 && index > 0
        if isNever { return .never }
        return constraint.isUnique && !hasParents && dice.below(2) == 0 ? .always : .resting
    }

    /// Now and then two rows change names in one transaction.
    mutating func swapNames(_ planned: inout [(id: RowID, after: AuthoredRow)]) {
        guard let column = uniques.first?.first?.column, planned.count > 1, dice.below(2) == 0,
            var left = planned[0].after.row, var right = planned[1].after.row
        else { return }
        (left[column], right[column]) = (right[column], left[column])
        planned[0].after = .row(left)
        planned[1].after = .row(right)
    }

    /// Whether a member's users may write rows in the place of those it has.
    func permits(_ rows: [(id: RowID, row: Row?)], _ index: Int) -> Bool {
        guard members[index].keeping != .never else { return true }
        guard takes(rows, index) else { return false }
        guard hasParents else { return true }
        var after = members[index].rows.mapValues(\.row)
        for (id, row) in rows { after[id] = .some(row) }
        return orphans(of: rows.map(\.id), in: after).isEmpty
    }

    /// Whether no two rows of a member would have what is unique with some rows in the place of those it has.
    private func takes(_ rows: [(id: RowID, row: Row?)], _ index: Int) -> Bool {
        uniques.allSatisfy { terms in
            var values: [RowID: [String]] = [:]
            for (id, held) in members[index].rows { values[id] = value(of: held.row, terms) }
            for (id, row) in rows { values[id] = value(of: row, terms) }
            return Set(values.values).count == values.count
        }
    }

    /// The row that one names.
    private func parent(of row: Row?) -> RowID? {
        guard case .integer(let number)?? = row.map({ $0[Self.parent] }), number < keys else { return nil }
        return RowID(numbered: Int(number))
    }

    /// The rows without parents among those that were written and those that name one that is gone.
    private func orphans(of written: [RowID], in rows: [RowID: Row?]) -> [RowID] {
        rows.keys.sorted().filter { id in
            guard let row = rows[id] ?? nil, let parent = parent(of: row), (rows[parent] ?? nil) == nil else {
                return false
            }
            return written.contains(id) || written.contains(parent)
        }
    }

    /// Writes a batch the way the member's constraint asks for.
    mutating func place(_ batch: Batch) {
        switch members[batch.member].keeping {
        case .never: for row in batch.rows { put(row, batch.member) }
        case .always: placeWhatIsTaken(of: batch)
        case .resting: placeAndLook(batch)
        }
    }

    /// Writes a batch whole, and looks for what stands against the constraint then; where the node has not heard of what that
    /// is about, the batch is undone until it has.
    private mutating func placeAndLook(_ batch: Batch) {
        let index = batch.member
        var heard: Set<Breach> = []
        while problem == nil {
            let before = members[index].rows
            for row in batch.rows { put(row, index) }
            let unheard = report(breaches(of: batch.rows.map(\.id), index), by: index, end: batch.end)
            if shape.flaw == .deafness || unheard.isSubset(of: heard) { return }
            note("\(index) is heard out: \(unheard.map { $0.row.number })")
            members[index].rows = before
            heard.formUnion(unheard)
            readAll(index)
        }
    }

    private func breaches(of written: [RowID], _ index: Int) -> [(breach: Breach, values: Row?)] {
        let rows = members[index].rows.mapValues(\.row)
        // A member that looks afterwards sees all that there is.
        let alike = written.sorted().flatMap { id in
            obstacles(of: rows[id] ?? nil, id, index, without: []).map { other in
                (Breach(row: id, rule: .unique(other.terms, other.id)), Row?.none)
            }
        }
        guard hasParents else { return alike }
        let orphans = orphans(of: written, in: rows).map { id in
            let row = (rows[id] ?? nil)!
            let rule = Breach.Rule.parent([Self.parent], parent(of: row)!)
            return (Breach(row: id, rule: rule), Row?.some(row.picking([Self.parent])))
        }
        return alike + orphans
    }

    /// Has the node decide about what a member has found.
    ///
    /// - Returns: What is about rows that it has not heard of.
    private mutating func report(
        _ found: [(breach: Breach, values: Row?)],
        by index: Int,
        end: UInt64
    ) -> Set<Breach> {
        var unheard: Set<Breach> = []
        do {
            var holding: [Breach] = []
            let standings = try merger.standings(of: found, seenAt: end, in: &memory)
            for (breach, standing) in zip(found.map(\.breach), standings) {
                note("\(index) finds \(breach.rows.map(\.number)): \(standing)")
                if standing == .holds { holding.append(breach) }
                if standing == .unheard { unheard.insert(breach) }
            }
            if !holding.isEmpty { try settle(holding) }
        } catch {
            fail("deciding failed: \(error)")
        }
        return unheard
    }

    /// Writes a batch as far as the member takes it, and has the node decide about the rest.
    private mutating func placeWhatIsTaken(of batch: Batch) {
        var pending = batch.rows
        var isMoving = true
        while isMoving {
            isMoving = false
            for place in pending.indices.reversed() where takes([(pending[place].id, pending[place].row)], batch.member)
            {
                put(pending.remove(at: place), batch.member)
                isMoving = true
            }
        }
        // What stands in each other's way is moved together.
        var together = pending
        while !takes(together.map { ($0.id, $0.row) }, batch.member) {
            let least = together.indices.first { place in
                let others = together.indices.filter { $0 != place }.map { (together[$0].id, together[$0].row) }
                return !takes(others + [(together[place].id, together[place].row)], batch.member)
                    && !obstacles(
                        of: together[place].row,
                        together[place].id,
                        batch.member,
                        without: together.map(\.id)
                    )
                    .isEmpty
            }
            together.remove(at: least ?? 0)
        }
        for row in together { put(row, batch.member) }
        let refused = pending.filter { row in !together.contains { $0.id == row.id } }
        park(refused.map(\.id), batch)
        updateStable()
        // What is refused is tried again until it is taken: nothing is left unheard.
        for row in refused {
            // What is in the way as the member was not brought it, only values tell from what clashes.
            let otherwise = shape.constraint == .opaque ? Array(intakes[batch.member].refused) : []
            let obstacles = obstacles(of: row.row, row.id, batch.member, without: otherwise)
            guard let other = obstacles.first else { continue }
            let breach = Breach(row: row.id, rule: .unique(other.terms, other.id))
            _ = report([(breach, nil)], by: batch.member, end: batch.end)
        }
        // What stands against what once all are as they are to be does not show where they are as they were.
        let held = members[batch.member].rows.filter { id, _ in !pending.contains { $0.id == id } }.mapValues(\.row)
        for (place, row) in pending.enumerated() {
            let others = pending[..<place].map { ($0.id, $0.row) } + held.sorted { $0.key < $1.key }
            for (rival, theirs) in others {
                guard let terms = clash(row.row, theirs) else { continue }
                let breach = Breach(row: row.id, rule: .unique(terms, rival))
                _ = report([(breach, nil)], by: batch.member, end: batch.end)
                break
            }
        }
    }

    private mutating func put(_ row: (id: RowID, row: Row?, seen: Set<Int>), _ index: Int) {
        members[index].rows[row.id] = SimulatedMember.Held(row: row.row, seen: row.seen)
    }

    private mutating func park(_ refused: [RowID], _ batch: Batch) {
        let intake = intakes[batch.member]
        for (id, _, _) in batch.rows {
            let open = intake.parked[id]?.firstIndex { $0.taken == nil }
            if !refused.contains(id) {
                if let open { intakes[batch.member].parked[id]?[open].taken = batch.end }
            } else if open == nil {
                // A row that the member came with it holds as of then.
                let base = max(members[batch.member].applied, intake.found[id] ?? 0)
                intakes[batch.member].parked[id, default: []].append(Parking(base: base, isVague: intake.isVague))
            }
        }
    }

    /// The rows of a member that one cannot be beside, and what members say of that.
    private func obstacles(of row: Row?, _ id: RowID, _ index: Int, without others: [RowID]) -> [(
        id: RowID, terms: [UniqueTerm]
    )] {
        members[index].rows.keys.sorted().compactMap { other in
            if other == id || others.contains(other) { return nil }
            return clash(row, members[index].rows[other]?.row).map { (other, $0) }
        }
    }

    /// Has the node decide which rows members do without.
    mutating func settle(_ breaches: [Breach], written: Set<RowID> = []) throws {
        try merger.settle(&standoffs, breaches, written: written, into: &memory)
        let standing = standoffs.flatMap(\.withheld)
        for withholding in standing { if let dot = withholding.write?.stamp.dot { withheld.insert(dot) } }
        let known = standoffs.flatMap(\.known)
        note("withheld: \(standing.map { Self.words($0.breach) }); known: \(known.map { Self.words($0) })")
    }

    private static func words(_ breach: Breach) -> String {
        switch breach.rule {
        case .unique(_, let other): "\(breach.row.number) as \(other.number)"
        case .parent(_, let parent): "\(breach.row.number) under \(parent.number)"
        default: "\(breach.row.number)"
        }
    }

    /// What is left undecided at the end, or decided for nothing.
    func findUnsettled() -> String? {
        for withholding in standoffs.flatMap(\.withheld) where withholding.breach.rule.isUnique {
            let id = withholding.breach.row
            let isInTheWay = memory.versions.keys.contains { other in
                other != id && clash(ledgerRow(other), withholding.wanted) != nil
            }
            if !isInTheWay { return "row \(id.number) is withheld, and nothing is in its way" }
        }
        for withholding in standoffs.flatMap(\.withheld) {
            guard case .parent(_, let parent) = withholding.breach.rule, ledgerRow(parent) != nil else { continue }
            return "row \(withholding.breach.row.number) is withheld, and what it names is there"
        }
        for index in members.indices where members[index].keeping != .never {
            if let id = intakes[index].refused.min() {
                return "member \(index) still refuses row \(id.number), and nobody decides"
            }
            if !takes([], index) { return "two rows of member \(index) have what is unique" }
            guard hasParents else { continue }
            let rows = members[index].rows.mapValues(\.row)
            for id in orphans(of: Array(rows.keys), in: rows) where !isMeant(id, rows[id] ?? nil) {
                return "row \(id.number) of member \(index) names a row that is not there"
            }
        }
        return nil
    }

    /// Whether somebody left a row without its parent who knew both.
    private func isMeant(_ id: RowID, _ row: Row?) -> Bool {
        guard let parent = parent(of: row) else { return true }
        if memory.latest(of: parent)?.withheld != nil { return false }
        let writes = stamped.values
        let deletes = writes.filter { $0.row == parent && $0.write.kind == .delete }.map(\.write.stamp)
        let named = writes.filter { entry in
            guard entry.row == id else { return false }
            return entry.write.kind == .insert || entry.write.edits.contains { $0.column == Self.parent }
        }
        return deletes.isEmpty
            || named.contains { entry in
                let naming = entry.write.stamp
                return deletes.contains {
                    $0.dot.actor == naming.dot.actor || $0.dominates(naming) || naming.dominates($0)
                }
            }
    }
}
