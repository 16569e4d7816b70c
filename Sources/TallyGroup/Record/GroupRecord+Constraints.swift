import TallyLedger
import TallyMerge
import TallyModel

/// Rows that members cannot hold all at once.
extension GroupRecord {
    /// Decides about constraints that a member's rows break: who does without the row, all members or that one alone.
    ///
    /// - Parameter end: The sequence that the member had been brought to when it found them.
    /// - Returns: Whether members are brought other rows for it.
    func settle(_ breaches: [FoundBreach], by name: String, at end: UInt64) throws -> Bool {
        guard !breaches.isEmpty else { return false }
        let ledger = try opened()
        let member = try member(name)
        var standing = withholdings
        return try changing(reconsiders: false) { merger in
            var memory = ledger
            let before = merger.head.sequence
            for found in breaches {
                if let breach = found.breach, try merger.stillHolds(breach, seenAt: end, in: &memory) {
                    let former = standing
                    try merger.withhold(&standing, breach, into: &memory)
                    try note(standing, insteadOf: former, found.constraint, member.actor, merger, ledger)
                    if standing.contains(where: { breach.rows.contains($0.breach.row) }) { continue }
                }
                // What is in the way may be on its way to the ledger: then it is decided about with that.
                guard found.isRefused, found.isKnown || !(found.breach?.rule.isUnique ?? false) else { continue }
                let sequence = merger.head.sequence
                try ledger.noteRefused(found.row, at: sequence, by: member.actor, found.reason, at: now())
            }
            withholdings = standing
            return merger.head.sequence > before
        }
    }

    /// Has a row that a member refuses brought once more, to see whether it takes it now.
    func remind(_ name: String) throws {
        let ledger = try opened()
        guard let row = try ledger.parked(by: try member(name).actor).first else { return }
        try changing { merger in
            var memory = ledger
            try merger.showAgain(row.id, into: &memory)
        }
    }

    /// Decides anew about rows that constraints keep out, where they or what keeps them out was written.
    func reconsider(writtenSince mark: Int64, _ merger: inout Merger, _ ledger: GroupLedger) throws {
        guard !withholdings.isEmpty else { return }
        let concerned = withholdings.reduce(into: Set<RowID>()) { $0.formUnion($1.rows) }
        let written = try ledger.rows(writtenSince: mark, among: concerned)
        guard !written.isEmpty else { return }
        var memory = ledger
        var standing = withholdings
        try merger.withhold(&standing, written: written, into: &memory)
        try note(standing, insteadOf: withholdings, nil, nil, merger, ledger)
        withholdings = standing
    }

    private func note(
        _ standing: [Withholding],
        insteadOf former: [Withholding],
        _ constraint: String?,
        _ member: Actor?,
        _ merger: Merger,
        _ ledger: GroupLedger
    ) throws {
        var memory = ledger
        try ledger.note(standing, insteadOf: former, constraint: constraint, foundBy: member, at: now()) { row in
            try merger.row(row, in: &memory)
        }
    }
}
