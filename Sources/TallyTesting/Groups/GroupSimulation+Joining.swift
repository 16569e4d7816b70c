import TallyMerge
import TallyModel

/// What goes wrong, and how members come back from it.
extension GroupSimulation {
    /// The node ends and starts anew from its ledger.
    mutating func crash() {
        batches = []
        var clocks: [Actor: HybridTime] = [:]
        for (actor, time) in memory.entries.map({ ($0.dot.actor, $0.sight.clock) }) { clocks[actor] = time }
        merger = Merger(
            tables: [Self.table],
            head: memory.sight(at: memory.head),
            clocks: clocks,
            expressions: Self.expressions
        )
        updateStable()
        note("crash")
    }

    mutating func backUp(_ index: Int) {
        backups.append((index, members[index]))
    }

    /// A member comes back as it once was.
    mutating func restore() {
        guard let backup = backups.popLast() else { return }
        let history = members[backup.member].history + 1
        members[backup.member] = backup.copy
        members[backup.member].history = history
        members[backup.member].log = []
        forgetBatches(of: backup.member)
        aftermath.hasMemberLoss = true
        note("restore \(backup.member) to \(backup.copy.applied)")
    }

    /// Compares what a member holds with what the group holds.
    mutating func join(_ index: Int) {
        let origin = origin(of: index)
        if members[index].history > 0 || !isRecognised(index) {
            // Nothing that the ledger has of it is its own any more.
            former[index, default: []].insert(members[index].actor)
            members[index].actor = Actor(nextActor)
            nextActor += 1
        }
        if case .ahead(let shared) = origin { claim(index, at: shared) }
        if origin == .nowhere { members[index].lineage = [] }
        let member = members[index]
        intakes[index] = Intake(position: member.log.count, base: 0, history: member.history)
        intakes[index].isVague = member.history > 0 || origin != .nowhere
        updateStable()
        do {
            var comparison = Comparison(
                member: member.actor,
                from: origin,
                head: memory.head,
                former: former[index] ?? [],
                givesWay: index > 0
            )
            for (id, held) in member.rows.sorted(by: { $0.key.key.lexicographicallyPrecedes($1.key.key) }) {
                guard let row = held.row else { continue }
                let finding = try comparison.found(row, as: id, &merger, &memory)
                keep(finding, of: id, in: index, comparison)
                guard finding == .same else { continue }
                // Who holds what the group holds has seen what the group has, however it came by it.
                members[index].rows[id]?.seen.formUnion(merged[id] ?? [])
            }
            for id in memory.rows(of: 0) where comparison.asksForMissing && member.rows[id]?.row == nil {
                let finding = try comparison.missed(id, &merger, &memory)
                if finding == .written { keep(finding, of: id, in: index, comparison) }
                if finding == .stale { excuse(member.rows[id]?.seen ?? []) }
            }
            let received = Timestamp(microseconds: now)
            if let transaction = comparison.transaction(received: received) {
                let writes = transaction.changes.map { change -> Int in
                    let id = Self.row(of: change)!
                    let held = member.rows[id]
                    let before = row(id, before: comparison)
                    let number = number(author: index, seen: held?.seen ?? [], before: before, of: id, after: held?.row)
                    aftermath.found.insert(number)
                    return number
                }
                let former = transaction.changes.compactMap(Self.row).map { ($0, ledgerRow($0)) }
                take(transaction, writes, from: index)
                if case .brought = origin { for (id, row) in former { checkUntouched(id, row, comparison) } }
                for (change, write) in zip(transaction.changes, writes) {
                    guard let id = Self.row(of: change) else { continue }
                    members[index].rows[id, default: SimulatedMember.Held(row: nil, seen: [])].seen.insert(write)
                }
            }
            intakes[index].base = comparison.start
            intakes[index].cameAt = comparison.keepsFound ? memory.head : 0
            intakes[index].isJoined = true
            updateStable()
            note("join \(index), brought to \(member.applied): base \(comparison.base)")
        } catch {
            problem = "the comparison failed: \(error)"
        }
    }

    /// Holds what a member's row makes of the group's against what the member wrote there: columns that hold what it was
    /// brought are nothing that it wrote.
    ///
    /// - Parameter former: The group's row before.
    private mutating func checkUntouched(_ id: RowID, _ former: Row?, _ comparison: Comparison) {
        guard let former, let now = ledgerRow(id), let brought = row(id, before: comparison), shape.constraint == nil,
            let found = members.first(where: { $0.actor == comparison.member })?.rows[id]?.row,
            // What others wrote may be part of a row that was found in a member ahead of the ledger.
            memory.versions[id]?.contains(where: \.version.isFound) != true
        else { return }
        for column in brought.values.indices where found[column] == brought[column] && now[column] != former[column] {
            fail(
                "member \(comparison.member.number) took back column \(column) of row \(id.number), which it had not written"
            )
        }
    }
}
