import TallyMerge
import TallyModel

/// The node reads what members wrote.
extension GroupSimulation {
    mutating func read(_ index: Int) {
        guard !cutOff.contains(index) else { return }
        if shape.isMixed, index == 0, dice.below(4) > 0 { return }
        for _ in 0...dice.below(3) { readOne(index) }
    }

    mutating func readAll(_ index: Int) {
        while problem == nil, readOne(index) {}
    }

    @discardableResult
    private mutating func readOne(_ index: Int) -> Bool {
        if intakes[index].history != members[index].history || !isRecognised(index) { join(index) }
        guard intakes[index].position < members[index].log.count else { return false }
        let record = members[index].log[intakes[index].position]
        intakes[index].position += 1
        switch record {
        case .signed(let lineage):
            guard memory.lineage.starts(with: lineage) else {
                fail("\(index) is read where another copy of the ledger signed it")
                return false
            }
            intakes[index].base = UInt64(lineage.count)
            intakes[index].isVague = false
            intakes[index].parked = intakes[index].parked.compactMapValues { parkings in
                let open = parkings.filter { $0.isOpen(at: UInt64(lineage.count)) }
                return open.isEmpty ? nil : open
            }
            updateStable()
        case .local(let changes, let writes, let committed):
            var transaction = CapturedTransaction(
                author: members[index].actor,
                base: shape.flaw == .base ? memory.head : intakes[index].base,
                committed: committed,
                received: Timestamp(microseconds: now),
                changes: changes,
                compared: intakes[index].compared(changes)
            )
            transaction.guessed = intakes[index].guessed(changes)
            take(transaction, writes, from: index)
        }
        return true
    }

    /// Takes in a transaction, each of whose changes is one write.
    mutating func take(_ transaction: CapturedTransaction, _ writes: [Int], from index: Int) {
        let changes = transaction.changes
        do {
            guard let entry = try merger.take(transaction, into: &memory) else { return }
            note("read \(writes) of \(index) as \(entry.sequence), base \(transaction.base)")
            for (change, number) in zip(changes, writes) {
                guard let id = Self.row(of: change), let version = memory.latest(of: id),
                    version.sequence == entry.sequence,
                    let write = version.state.writes.first(where: { $0.stamp.dot == version.dot })
                else { continue }
                stamped[number] = (id, write)
                merged[id, default: []].insert(number)
                if transaction.standing == .following { check(write, number, on: id) }
                if shape.flaw == .tombstone, ledgerRow(id) == nil {
                    memory.forget(id)
                }
            }
            if !standoffs.isEmpty { try settle([], written: Set(changes.compactMap(Self.row))) }
        } catch {
            problem = "the merger failed: \(error)"
        }
    }

    static func row(of change: RowChange) -> RowID? {
        switch change {
        case .put(let id, _, _), .delete(let id, _): id
        default: nil
        }
    }

    /// Holds what the merger found out about a write against the truth.
    private mutating func check(_ write: RowWrite, _ number: Int, on id: RowID) {
        guard let truth = truths[number] else { return }
        // A member that has not been brought to what the group was when it came is admitted row by row.
        let intake = intakes[truth.author]
        if intake.isVague || intake.base < intake.cameAt || intake.parked[id]?.contains(where: \.isVague) == true {
            return
        }
        // A row that a member ahead of the ledger was found with has writes in it that the ledger hears of later.
        if memory.versions[id]?.contains(where: \.version.isFound) == true { return }
        for (other, known) in stamped where known.row == id && other != number {
            let isSeen = write.stamp.context.includes(known.write.stamp.dot)
            let wasSeen = truth.seen.contains(other)
            if wasSeen, aftermath.unheard.contains(other) { continue }
            guard isSeen == wasSeen else {
                problem =
                    "write \(number) of row \(id.number) \(wasSeen ? "had" : "had not") seen write \(other), and counts as if "
                    + "it \(isSeen ? "had" : "had not")"
                return
            }
        }
        for edit in write.edits where write.kind == .update && edit.before != truth.before?[edit.column] {
            problem = "write \(number) changed \(truth.before as Any), and counts as a change of \(edit.before as Any)"
        }
    }

    mutating func updateStable() {
        merger.refused = Set(intakes.flatMap(\.parked.keys))
        guard intakes.allSatisfy(\.isJoined), let least = intakes.map(\.base).min() else {
            merger.stable = VersionVector()
            return
        }
        merger.stable = memory.sight(at: least).vector
    }
}
