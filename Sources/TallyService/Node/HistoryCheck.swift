import TallyEngine
import TallyModel

/// Asks whether a flow could go on exactly where its target is, and changes nothing.
struct HistoryCheck {
    let stores: FlowStores
    let settings: FlowSettings

    /// How often the target is asked where it is, while a flow that runs somewhere moves on.
    private static let attempts = 5

    /// - Returns: Why the source cannot serve the target any more; `nil` where it can, or where it cannot be asked.
    func problem() async throws -> StoreError? {
        var checkpoint = try await checkpoint()
        for _ in 1...Self.attempts {
            guard let held = checkpoint else { return nil }
            do {
                try await stores.source.0.verify(request(from: held))
                return nil
            } catch let error as StoreError {
                guard Self.histories.contains(error.code) else { return nil }
                checkpoint = try await self.checkpoint()
                // A flow that runs may have had the source forget what an older checkpoint needs.
                if checkpoint == held { return error }
            }
        }
        return nil
    }

    private static let histories: Set<StoreError.Code> = [.historyLost, .historyWentBackwards, .sourceReplaced]

    private func checkpoint() async throws -> Checkpoint? {
        try await stores.target.0.progress(of: settings.name)?.checkpoint
    }

    private func request(from checkpoint: Checkpoint) -> CaptureRequest {
        CaptureRequest(
            consumer: Consumer(flow: settings.name, targetID: "", targetLabel: stores.target.label),
            tables: settings.tables,
            capture: settings.capture,
            checkpoint: checkpoint
        )
    }
}
