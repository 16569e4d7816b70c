import TallyLedger
import TallyMerge
import TallyModel

/// Rows that members cannot hold all at once.
extension GroupRecord {
    /// Decides about constraints that a member's rows break: who does without the row, all members or that one alone.
    ///
    /// - Parameter end: The sequence that the member had been brought to when it found them.
    func settle(_ breaches: [FoundBreach], by name: String, at end: UInt64) throws -> Settlement {
        guard !breaches.isEmpty else { return Settlement() }
        let ledger = try opened()
        let member = try member(name)
        let former = standoffs
        return try changing(reconsiders: false) { merger in
            var memory = ledger
            let before = merger.head.sequence
            let original = breaches
            var breaches = breaches
            var settlement = Settlement()
            let found = breaches.enumerated().compactMap { place, found in
                found.breach.map { (place, $0, found.values) }
            }
            let standings = try merger.standings(of: found.map { ($1, $2) }, seenAt: end, in: &memory)
            for ((place, breach, _), standing) in zip(found, standings) where standing != .holds {
                breaches[place].breach = nil
                if standing == .unheard, !breaches[place].isRefused { settlement.unheard.insert(breach) }
            }
            var standing = former
            try merger.settle(&standing, breaches.compactMap(\.breach), into: &memory)
            var names: [RowID: String] = [:]
            for found in breaches { for row in found.breach?.rows ?? [] { names[row] = found.constraint } }
            try note(standing, insteadOf: former, names, member.actor, merger, ledger)
            standoffs = standing
            let withheld = Set(standing.flatMap(\.withheld).map(\.breach.row))
            for (found, original) in zip(breaches, original) {
                if let breach = found.breach, !breach.rows.isDisjoint(with: withheld) { continue }
                // What is in the way may be on its way to the ledger: then it is decided about with that.
                guard found.isRefused, found.isKnown || !(original.breach?.rule.isUnique ?? false) else { continue }
                let sequence = merger.head.sequence
                try ledger.noteRefused(found.row, at: sequence, by: member.actor, found.reason, at: now())
            }
            settlement.bringsOthers = merger.head.sequence > before
            return settlement
        }
    }

    /// What came of breaches that a member found.
    struct Settlement {
        /// Whether members are brought other rows for it.
        var bringsOthers = false
        /// What the member holds against a constraint as the group does not know yet: what it is about is on its way.
        var unheard: Set<Breach> = []
    }

    /// How far a member's log is taken in.
    func position(of name: String) throws -> Position? { try member(name).position }

    /// Has a row that a member refuses brought once more, to see whether it takes it now.
    func remind(_ name: String, broughtTo sequence: UInt64) throws {
        let ledger = try opened()
        guard let row = try ledger.parked(by: try member(name).actor, broughtTo: sequence).first else { return }
        try changing { merger in
            var memory = ledger
            try merger.showAgain(row.id, into: &memory)
        }
    }

    /// Decides anew about rows that constraints keep out, where they or what keeps them out was written.
    func reconsider(writtenSince mark: Int64, _ merger: inout Merger, _ ledger: GroupLedger) throws {
        guard !standoffs.isEmpty else { return }
        let concerned = standoffs.reduce(into: Set<RowID>()) { $0.formUnion($1.rows) }
        let tables = Set(standoffs.flatMap(\.known).compactMap(\.rule.referenced?.table))
        let written = try ledger.rows(writtenSince: mark, among: concerned, orIn: tables)
        guard !written.isEmpty else { return }
        var memory = ledger
        var standing = standoffs
        try merger.settle(&standing, written: written, into: &memory)
        try note(standing, insteadOf: standoffs, [:], nil, merger, ledger)
        standoffs = standing
    }

    private func note(
        _ standing: [Standoff],
        insteadOf former: [Standoff],
        _ constraints: [RowID: String],
        _ member: Actor?,
        _ merger: Merger,
        _ ledger: GroupLedger
    ) throws {
        var memory = ledger
        try ledger.note(standing, insteadOf: former, constraints: constraints, foundBy: member, at: now()) { row in
            try merger.row(row, in: &memory)
        }
    }
}
