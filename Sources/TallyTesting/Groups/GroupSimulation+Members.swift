import TallyMerge
import TallyModel

/// What members write.
extension GroupSimulation {
    mutating func addMember(_ index: Int) {
        let skew = dice.below(5) == 0 ? Int64(dice.below(1_200_000_000)) - 600_000_000 : Int64(dice.below(1000))
        members.append(SimulatedMember(actor: Actor(UInt16(index + 1)), keeping: keeping(index), skew: skew))
        intakes.append(Intake())
    }

    mutating func seedRows() {
        for key in 0..<keys where dice.below(2) == 0 {
            let row = Row([
                .integer(Int64(key)), .text("seed\(key)"), .integer(10),
                .integer(shape.constraint == .pair ? Int64(key) : 0),
            ])
            let write = number(author: 0, seen: [], before: nil, of: RowID(numbered: key), after: row)
            members[0].rows[RowID(numbered: key)] = SimulatedMember.Held(row: row, seen: [write])
        }
    }

    mutating func number(author: Int, seen: Set<Int>, before: Row?, of row: RowID, after: Row?) -> Int {
        nextWrite += 1
        truths[nextWrite] = (author, seen, before, row, after)
        return nextWrite
    }

    /// A member writes one transaction of its own.
    mutating func write(_ index: Int) {
        var planned: [(id: RowID, after: AuthoredRow)] = []
        var keys = Array(0..<self.keys)
        for _ in 0...dice.below(2) {
            let key = keys.remove(at: dice.below(keys.count))
            guard let after = change(members[index].rows[RowID(numbered: key)]?.row, key) else { continue }
            planned.append((RowID(numbered: key), after))
        }
        if shape.constraint?.isUnique == true { swapNames(&planned) }
        guard permits(planned.map { ($0.id, $0.after.row) }, index) else { return }
        guard !planned.isEmpty else { return }
        var changes: [RowChange] = []
        var writes: [Int] = []
        for (id, after) in planned {
            let held = members[index].rows[id] ?? SimulatedMember.Held(row: nil, seen: [])
            let write = number(author: index, seen: held.seen, before: held.row, of: id, after: after.row)
            members[index].rows[id] = SimulatedMember.Held(row: after.row, seen: held.seen.union([write]))
            changes.append(after.row.map { .put(id, $0, time: nil) } ?? .delete(id, time: nil))
            writes.append(write)
        }
        // Now and then two members commit at the very same moment.
        let committed = Timestamp(
            microseconds: (dice.below(3) == 0 ? now / 10_000 * 10_000 : now) + members[index].skew
        )
        members[index].log.append(.local(changes, writes: writes, committed: committed))
        note("\(index) writes \(writes): \(changes.map(Self.words))")
    }

    private static func words(_ change: RowChange) -> String {
        switch change {
        case .put(let id, let row, _): "\(id.number)=\(row.values.dropFirst().map { "\($0!)" })"
        case .delete(let id, _): "delete \(id.number)"
        default: "?"
        }
    }

    private mutating func spelled(_ name: String) -> String {
        [.caseless, .opaque].contains(shape.constraint) && dice.below(2) == 0 ? name.uppercased() : name
    }

    private mutating func change(_ row: Row?, _ key: Int) -> AuthoredRow? {
        let best = hasParents ? keys + 1 : 9
        guard var row else {
            let (name, count) = (dice.below(4), dice.below(20))
            return .row(
                Row([
                    .integer(Int64(key)), .text(shape.constraint?.isUnique == true ? spelled("v\(name)") : "n\(name)"),
                    .integer(Int64(count)),
                    .integer(Int64(dice.below(best))),
                ])
            )
        }
        if dice.below(6) == 0 { return AuthoredRow.none }
        let former = row
        if dice.below(2) == 0 {
            row[1] = .text(spelled("v\(dice.below(shape.constraint?.isUnique == true ? 4 : 50))"))
        }
        if dice.below(2) == 0, case .integer(let count)? = row[2] {
            row[2] = .integer(count + Int64(dice.below(9)) - 4)
        }
        if dice.below(3) == 0 { row[3] = .integer(Int64(dice.below(best))) }
        return row == former ? nil : .row(row)
    }
}
