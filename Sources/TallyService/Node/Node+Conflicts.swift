import TallyGroup

/// What people ask of a running node about conflicts.
extension Node {
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
        guard let running = groups.first(where: { $0.name == name }) else {
            throw ControlError(.notFound, "group \(name) does not run here")
        }
        try await ControlError.wrapping { try await running.decide(id, decision) }
        return try await desk.conflict(id, name)
    }
}
