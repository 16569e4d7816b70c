import TallyMerge
import TallyModel

/// Members in which no two rows have the same name.
extension GroupSimulation {
    private static let name = 1

    /// Now and then two rows change names in one transaction.
    mutating func swapNames(_ planned: inout [(id: RowID, after: AuthoredRow)]) {
        guard planned.count > 1, dice.below(2) == 0, var left = planned[0].after.row, var right = planned[1].after.row
        else { return }
        (left[Self.name], right[Self.name]) = (right[Self.name], left[Self.name])
        planned[0].after = .row(left)
        planned[1].after = .row(right)
    }

    /// Whether a member takes rows in the place of those it has.
    func takes(_ rows: [(id: RowID, row: Row?)], _ index: Int) -> Bool {
        var names: [RowID: Value] = [:]
        for (id, held) in members[index].rows { names[id] = held.row?[Self.name] }
        for (id, row) in rows { names[id] = row?[Self.name] }
        return Set(names.values).count == names.count
    }

    /// Writes a batch as far as the member takes it, and has the node decide about the rest.
    mutating func place(_ batch: Batch) {
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
                    && obstacle(of: together[place].row, together[place].id, batch.member, without: together.map(\.id))
                        != nil
            }
            together.remove(at: least ?? 0)
        }
        for row in together { put(row, batch.member) }
        let refused = pending.filter { row in !together.contains { $0.id == row.id } }
        park(refused.map(\.id), batch)
        updateStable()
        do {
            for row in refused {
                guard let other = obstacle(of: row.row, row.id, batch.member, without: []) else { continue }
                note("\(batch.member) refuses \(row.id.number), which clashes with \(other.number)")
                try withhold(Breach(row: row.id, rule: .unique([Self.name], other)))
            }
        } catch {
            fail("withholding failed: \(error)")
        }
    }

    private mutating func put(_ row: (id: RowID, row: Row?, seen: Set<Int>), _ index: Int) {
        members[index].rows[row.id] = SimulatedMember.Held(row: row.row, seen: row.seen)
    }

    private mutating func park(_ refused: [RowID], _ batch: Batch) {
        let intake = intakes[batch.member]
        for (id, _, _) in batch.rows {
            // A row that the member came with it holds as of then.
            let base = max(members[batch.member].applied, intake.found[id] ?? 0)
            let former = intakes[batch.member].parked[id]
            if refused.contains(id) {
                let isNew = former.map { $0.taken.map { $0 <= base } ?? false } ?? true
                let isVague = isNew ? intake.isVague : former?.isVague ?? false
                intakes[batch.member].parked[id] = (isNew ? base : former?.base ?? base, nil, isVague)
            } else if let former, former.taken == nil {
                intakes[batch.member].parked[id]?.taken = batch.end
            }
        }
    }

    private func obstacle(of row: Row?, _ id: RowID, _ index: Int, without others: [RowID]) -> RowID? {
        guard let row else { return nil }
        return members[index].rows.first { other, held in
            other != id && !others.contains(other) && held.row?[Self.name] == row[Self.name] && held.row != nil
        }?.key
    }

    /// Has the node decide which rows members do without.
    mutating func withhold(_ breach: Breach? = nil, written: Set<RowID> = []) throws {
        var standing = withholdings
        try merger.withhold(&standing, breach.map { [$0] } ?? [], written: written, into: &memory)
        withholdings = standing
        for withholding in standing { if let dot = withholding.write?.stamp.dot { withheld.insert(dot) } }
        note("withheld: \(standing.map { "\($0.breach.row.number) for \($0.breach.rows.map { $0.number })" })")
    }

    /// What is left undecided at the end.
    func findUnsettled() -> String? {
        for index in members.indices {
            if !takes([], index) { return "two rows of member \(index) have one name" }
            if let id = intakes[index].parked.first(where: { $0.value.taken == nil })?.key {
                return "member \(index) still refuses row \(id.number), and nobody decides"
            }
        }
        return nil
    }
}
