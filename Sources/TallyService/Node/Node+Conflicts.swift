package import TallyGroup

/// What people ask of a running node about conflicts.
extension Node: ConflictKeeping {
    package func decide(_ id: Int64, in group: GroupSettings, _ decision: ConflictDecision) async throws {
        guard let running = groups.first(where: { $0.name == group.name }) else {
            throw ControlError(.notFound, "group \(group.name) does not run here")
        }
        try await running.decide(id, decision)
    }
}
