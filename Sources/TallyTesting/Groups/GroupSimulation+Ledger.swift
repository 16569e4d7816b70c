import TallyMerge
import TallyModel

/// The ledger as a file that somebody copies and puts back.
extension GroupSimulation {
    /// All that the node remembers.
    struct LedgerCopy: Sendable {
        var memory: InMemoryGroupMemory
        var intakes: [Intake]
        var stamped: [Int: (row: RowID, write: RowWrite)]
        var merged: [RowID: Set<Int>]
        var actors: [Actor]
        var former: [Int: Set<Actor>]
        var nextActor: UInt16
    }

    /// What is to be known of writes beyond the ledger that is used at the end.
    struct Aftermath: Sendable {
        /// Whether the ledger was ever put back.
        var hasLedgerLoss = false
        /// Whether a member was: then it is the member that has lost writes.
        var hasMemberLoss = false
        /// Rows of which some copy of the ledger names a conflict.
        var disputed: Set<RowID> = []
        /// Writes whose row a comparison found as the ledger had it anyway, before or after them: they cannot be told from none.
        var excused: Set<Int> = []
        /// Writes that are part of rows found so, of which the ledger is still to hear: who writes on has not seen them, for all
        /// that it can know.
        var unheard: Set<Int> = []
        /// Writes that the ledger now lost had written over in their member's store before it had read them.
        var overwritten: Set<Int> = []
        /// Writes that a comparison found: others of before are part of them.
        var found: Set<Int> = []
    }

    mutating func copyLedger() {
        ledgerCopies.append(
            LedgerCopy(
                memory: memory,
                intakes: intakes,
                stamped: stamped,
                merged: merged,
                actors: members.map(\.actor),
                former: former,
                nextActor: nextActor
            )
        )
        let head = memory.head
        note("copy the ledger at \(head)")
    }

    /// The node ends, and starts with the ledger as it once was. Numbers that were given since are given again.
    mutating func putLedgerBack() {
        guard !ledgerCopies.isEmpty else { return }
        let copy = ledgerCopies.remove(at: dice.below(ledgerCopies.count))
        aftermath.hasLedgerLoss = true
        aftermath.disputed.formUnion(memory.conflicts.map(\.row))
        for index in members.indices { noteOverwritten(index) }
        let nextMark = memory.nextMark
        let head = memory.head
        note("put the ledger at \(head) back to \(copy.memory.head)")
        memory = copy.memory
        memory.nextMark = nextMark
        (intakes, stamped, merged, former) = (copy.intakes, copy.stamped, copy.merged, copy.former)
        nextActor = copy.nextActor
        for index in members.indices { members[index].actor = copy.actors[index] }
        crash()
    }

    /// What a member wrote and its store no longer shows, and no ledger has read yet.
    private mutating func noteOverwritten(_ index: Int) {
        let member = members[index]
        let isRead = intakes[index].history == member.history ? intakes[index].position : 0
        for case .local(let changes, let writes, _) in member.log.dropFirst(isRead) {
            for (change, write) in zip(changes, writes) {
                guard let id = Self.row(of: change), member.rows[id]?.seen.contains(write) != true else { continue }
                aftermath.overwritten.insert(write)
            }
        }
    }

    /// Whether what a member was brought to is in the ledger.
    func isRecognised(_ index: Int) -> Bool {
        memory.lineage.starts(with: members[index].lineage)
            && (members[index].claim.map(memory.claims.contains) ?? true)
    }

    /// Has a member say that this ledger took it up.
    mutating func claim(_ index: Int, at shared: UInt64) {
        members[index].lineage = Array(memory.lineage.prefix(Int(shared)))
        members[index].claim = memory.nextMark
        memory.claims.insert(memory.nextMark)
        memory.nextMark += 1
    }

    /// Where a member that is to be compared comes from.
    func origin(of index: Int) -> Comparison.Origin {
        let lineage = members[index].lineage
        if isRecognised(index) { return lineage.isEmpty ? .nowhere : .brought(to: UInt64(lineage.count)) }
        let shared = zip(lineage, memory.lineage).prefix { $0 == $1 }.count
        return .ahead(of: UInt64(shared))
    }

    /// What a row was in the ledger where a member that is compared parts from it.
    func row(_ id: RowID, before comparison: Comparison) -> Row? {
        guard comparison.asksForMissing else { return nil }
        let state = memory.version(of: id, upTo: comparison.base)?.state
        // Rules without expressions cannot fail.
        return try? state?.outcome(under: Self.table.rules, evaluating: Self.expressions).row
    }

    /// Keeps in mind what a row was found to be.
    mutating func keep(_ finding: Comparison.Finding, of id: RowID, in index: Int, _ comparison: Comparison) {
        switch finding {
        case .same where comparison.keepsFound: intakes[index].found[id] = memory.head
        case .written where comparison.keepsWritten: intakes[index].found[id] = 0
        default: break
        }
        if finding != .written { excuse(members[index].rows[id]?.seen ?? []) }
    }

    /// Keeps in mind what is part of a row that a comparison took for what the ledger had anyway.
    mutating func excuse(_ writes: Set<Int>) {
        aftermath.excused.formUnion(writes)
        aftermath.unheard.formUnion(writes.filter { stamped[$0] == nil })
    }

    /// A write that nobody had seen when the row was last written, and of which the row shows nothing although no conflict is
    /// named: what a ledger that was put back must not come to.
    func findLostWithLedger(_ id: RowID) -> String? {
        guard aftermath.hasLedgerLoss, !aftermath.hasMemberLoss, !aftermath.disputed.contains(id) else { return nil }
        guard !memory.conflicts.contains(where: { $0.row == id }) else { return nil }
        let writes = truths.filter { $0.value.row == id }
        if writes.keys.contains(where: aftermath.overwritten.contains) { return nil }
        let seen = writes.values.reduce(into: Set<Int>()) { $0.formUnion($1.seen) }
        let held = members[0].rows[id]?.row
        for (number, write) in writes where !seen.contains(number) && !aftermath.excused.contains(number) {
            guard let after = write.after, after != held else { continue }
            // A counter adds up, and the greatest stands: neither is what one write says.
            guard held == nil || (held?[1] != after[1] && write.before?[1] != after[1]) else { continue }
            return "write \(number) of row \(id.number) is lost with the ledger that had it, and no conflict names it"
        }
        return isCounted(id, writes.filter { !aftermath.found.contains($0.key) }.map(\.value), held)
    }

    /// Whether a row that was inserted once and never deleted counts every difference once.
    private func isCounted(
        _ id: RowID,
        _ writes: [(author: Int, seen: Set<Int>, before: Row?, row: RowID, after: Row?)],
        _ held: Row?
    )
        -> String?
    {
        guard writes.allSatisfy({ $0.after != nil }), writes.filter({ $0.before == nil }).count == 1, let held else {
            return nil
        }
        func count(_ row: Row?) -> Int64 {
            if case .integer(let count)?? = row.map({ $0[2] }) { count } else { 0 }
        }
        let sum = writes.reduce(0) { $0 + count($1.after) - count($1.before) }
        guard sum != count(held) else { return nil }
        return "row \(id.number) counts \(count(held)) and not \(sum), and no conflict names it"
    }
}
