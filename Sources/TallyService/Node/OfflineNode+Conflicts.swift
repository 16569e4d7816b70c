import Logging
import TallyEngine
package import TallyGroup
import TallyModel
import TallySQLite

/// Conflicts while no `tally run` is up: decisions are in the ledger when a call returns, and reach the members with the
/// next run.
extension OfflineNode: ConflictKeeping {
    package func decide(_ id: Int64, in group: GroupSettings, _ decision: ConflictDecision) async throws {
        let group = Group(
            group,
            members: try group.stores(in: configuration),
            ledgerPath: configuration.ledgerPath(ofGroup: group.name),
            expressions: SQLMergeExpressions(),
            runner: Runner.current(),
            options: FlowOptions(now: Timestamp.now, logger: Logger(label: "tally"))
        )
        try await group.decide(id, decision)
    }
}
