import TallyLedger
import TallyMerge
import TallyModel

/// Keeping the ledger within bounds.
extension GroupRecord {
    /// How many versions are looked at in one transaction of the ledger, which keeps everybody else waiting.
    private static let step = 2000

    /// Forgets some of the history that every member has passed and that is older than the group's retention.
    ///
    /// - Returns: Whether there may be more.
    func compactSome() throws -> Bool {
        let ledger = try opened()
        let known = try ledger.members()
        guard known.allSatisfy({ $0.stage == .live && $0.cameAt == 0 }), let passed = known.map(\.base).min() else {
            return false
        }
        let retention = Int64(settings.retention / .microseconds(1))
        let cutoff = Timestamp(microseconds: now().microseconds - retention)
        let horizon = try ledger.forgettable(passed: passed, before: cutoff)
        guard horizon > 0 else { return false }
        let rules = groupTables.map(\.merge.rules)
        return try ledger.writing {
            try ledger.forgetConflicts(before: cutoff)
            return try ledger.compact(to: horizon, limit: Self.step) { table, state in
                guard rules.indices.contains(table) else { return false }
                return try state.outcome(under: rules[table], evaluating: expressions).row == nil
            }
        }
    }
}
