import Logging
import TallyEngine
import TallyGroup
import TallyModel
import TallySQLite

/// Conflicts while no `tally run` is up: decisions are in the ledger when a call returns, and reach the members with the
/// next run.
extension OfflineNode {
    private var desk: ConflictDesk { ConflictDesk(configuration: configuration) }

    package func conflicts(_ selection: ConflictSelection) async throws(ControlError) -> [ConflictDetail] {
        try await desk.conflicts(selection)
    }

    package func conflict(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail {
        try await desk.conflict(id, group)
    }

    package func resolve(
        id: Int64,
        group: String?,
        _ resolution: ConflictResolution
    ) async throws(ControlError) -> ConflictDetail {
        try await decide(id, group, try resolution.decision())
    }

    package func undo(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail {
        try await decide(id, group, .undo)
    }

    package func history(table: String, key: String, group: String?) async throws(ControlError) -> HistoryDetail {
        try await desk.history(table: table, key: key, group: group)
    }

    private func decide(
        _ id: Int64,
        _ group: String?,
        _ decision: ConflictDecision
    ) async throws(ControlError) -> ConflictDetail {
        let name = try await desk.conflict(id, group).group
        let settings = try desk.settings(of: name)
        try await ControlError.wrapping {
            let group = Group(
                settings,
                members: try settings.stores(in: configuration),
                ledgerPath: configuration.ledgerPath(ofGroup: name),
                expressions: SQLMergeExpressions(),
                runner: Runner.current(),
                options: FlowOptions(now: Timestamp.now, logger: Logger(label: "tally"))
            )
            try await group.decide(id, decision)
        }
        return try await desk.conflict(id, name)
    }
}
