import TallyMerge
import TallyModel

/// The node brings members what others wrote.
extension GroupSimulation {
    mutating func prepare(_ index: Int) {
        let (start, end) = (members[index].applied, memory.head)
        let parked = intakes[index].refused
        // What a member refused is tried again with what comes next: what a signature says has to be new with it.
        guard end > start, intakes[index].history == members[index].history, intakes[index].isJoined,
            isRecognised(index)
        else { return }
        guard !cutOff.contains(index), !batches.contains(where: { $0.member == index }) else { return }
        let intake = intakes[index]
        let due = memory.due(for: members[index].actor, after: start, upTo: end) { row, sequence in
            sequence <= intake.cameAt && intake.found[row].map { sequence <= $0 } ?? false
        }
        let again = parked.filter { !due.contains($0) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let rows = (due + again).map { id in
            (id: id, row: ledgerRow(id), seen: merged[id] ?? [])
        }
        batches.append(Batch(member: index, end: end, rows: rows))
    }

    /// What members are brought of a row.
    func ledgerRow(_ id: RowID) -> Row? {
        guard let version = memory.latest(of: id) else { return nil }
        if let withheld = version.withheld { return withheld.shown.row }
        do {
            return try version.state.outcome(under: Self.table.rules, evaluating: Self.expressions).row
        } catch {
            return nil
        }
    }

    mutating func deliver() {
        guard !batches.isEmpty else { return }
        let batch = batches.remove(at: dice.below(batches.count))
        guard !cutOff.contains(batch.member) else { return }
        place(batch)
        members[batch.member].lineage = Array(memory.lineage.prefix(Int(batch.end)))
        members[batch.member].claim = nil
        members[batch.member].log.append(.signed(members[batch.member].lineage))
        note("bring \(batch.member) to \(batch.end): \(batch.rows.map { $0.id.number })")
    }

    mutating func forgetBatches(of index: Int) {
        batches.removeAll { $0.member == index }
    }
}
