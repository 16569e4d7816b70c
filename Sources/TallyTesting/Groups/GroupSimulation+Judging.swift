import TallyMerge
import TallyModel

extension GroupSimulation {
    /// Holds what there is at the end against what has to be.
    mutating func judge() {
        let ids = Set(members.flatMap { $0.rows.keys }).union(memory.versions.keys)
        for id in ids.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            for member in members where member.rows[id]?.row != members[0].rows[id]?.row {
                return fail(
                    "row \(id.number) is \(words(members[0].rows[id]?.row)) in 0 and \(words(member.rows[id]?.row)) in another"
                )
            }
            // What is withheld is named with all that its writes came to.
            if memory.latest(of: id)?.withheld != nil { continue }
            if let problem = compareWithAll(id) ?? findLost(id) ?? findLostWithLedger(id) { return fail(problem) }
        }
        if shape.constraint != nil, let problem = findUnsettled() { fail(problem) }
    }

    /// What all writes of a row come to, none forgotten, in whatever order they arrive.
    private func compareWithAll(_ id: RowID) -> String? {
        var writes = stamped.values.filter { $0.row == id }.map(\.write)
        writes.sort { $0.stamp.dot < $1.stamp.dot }
        var state = RowState()
        if shape.flaw == .tieBreak {
            for place in writes.indices { writes[place].stamp.time.counter = UInt32(place) }
        }
        for write in writes { state.add(write) }
        do {
            let whole = try state.outcome(under: Self.table.rules, evaluating: Self.expressions).row
            let held = members[0].rows[id]?.row
            guard whole != held else { return nil }
            return "row \(id.number) is \(words(held)), and all its writes come to \(words(whole))"
        } catch {
            return "\(error)"
        }
    }

    /// Every value that was written is in the end what the row holds, was written over by somebody who had seen it, or is
    /// named in a conflict.
    private func findLost(_ id: RowID) -> String? {
        let known = stamped.filter { $0.value.row == id }
        let named = Set(memory.conflicts.filter { $0.row == id }.flatMap(\.clash.candidates)).union(withheld)
        let held = members[0].rows[id]?.row
        for (number, entry) in known {
            let write = entry.write
            if named.contains(write.stamp.dot) { continue }
            let isWrittenOver = known.values.contains { $0.write.stamp.context.includes(write.stamp.dot) }
            if isWrittenOver { continue }
            if write.kind == .delete {
                if held != nil {
                    return "write \(number) deleted row \(id.number), which is there, and no conflict names it"
                }
                continue
            }
            guard let held else { return "write \(number) is gone with row \(id.number), and no conflict names it" }
            for edit in write.edits where edit.column != 2 && edit.column != 0 && held[edit.column] != edit.after {
                return
                    "write \(number) set column \(edit.column) of row \(id.number), which holds another value, and no conflict names it"
            }
        }
        return nil
    }

    private func words(_ row: Row?) -> String {
        row.map { "\($0.values.dropFirst().map { $0.map { "\($0)" } ?? "absent" })" } ?? "gone"
    }
}
