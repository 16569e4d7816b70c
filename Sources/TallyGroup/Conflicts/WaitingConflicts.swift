package import TallyLedger
package import TallyMerge
import TallyModel

/// Looks after conflicts that wait for a person while their rows are written on.
package struct WaitingConflicts {
    private let ledger: GroupLedger
    /// By the tables' numbers.
    private let rules: [MergeRules]
    private let expressions: any MergeExpressions

    package init(in ledger: GroupLedger, rules: [MergeRules], expressions: any MergeExpressions) {
        self.ledger = ledger
        self.rules = rules
        self.expressions = expressions
    }

    /// Marks those as superseded that no longer stand: somebody who had seen both wrote their rows since ``GroupLedger``'s
    /// `versionMark` was `mark`. One look at an index where nothing waits.
    package func supersede(writtenSince mark: Int64) throws {
        let waiting = try ledger.waitingConflicts(writtenSince: mark)
        try ledger.supersede(try waiting.filter { try !stands($0) }.map(\.id))
    }

    private func stands(_ conflict: ConflictRecord) throws -> Bool {
        guard let state = try ledger.latest(of: conflict.row)?.state else { return true }
        let outcome = try state.outcome(under: rules[conflict.row.table], evaluating: expressions)
        return outcome.clashes.contains { $0.column == conflict.column }
    }
}
