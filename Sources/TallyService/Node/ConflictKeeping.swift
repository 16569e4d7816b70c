package import TallyGroup

/// A node that looks at conflicts in the ledgers' files and has decisions carried out, each in a way of its own.
package protocol ConflictKeeping: ControlledNode {
    var configuration: Configuration { get }

    /// Carries out what a person decided about a conflict of a group: durable in its ledger when this returns.
    func decide(_ id: Int64, in group: GroupSettings, _ decision: ConflictDecision) async throws
}

extension ConflictKeeping {
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
        try await ControlError.wrapping { try await decide(id, in: settings, decision) }
        return try await desk.conflict(id, name)
    }
}
