import Logging
import TallyModel

/// Opening the source, which may have to wait for what others do there.
extension FlowSession {
    static func openSource(
        _ context: FlowContext,
        for target: any TargetSession
    ) async throws -> (any SourceSession, anew: ResyncRequest?) {
        let requests = try await context.ledger.resyncRequests(of: context.name)
        let anew = requests.first { $0.table == nil }
        let (id, label) = await target.identity
        let request = CaptureRequest(
            consumer: Consumer(flow: context.name, targetID: id, targetLabel: label),
            tables: context.settings.tables,
            capture: context.settings.capture,
            checkpoint: anew == nil ? await target.progress.checkpoint : nil,
            waiting: { reason in
                context.meter.update { $0.notice = reason }
                if let reason { context.logger.warning("the source waits", metadata: ["reason": "\(reason)"]) }
            }
        )
        return (try await open(request, context), anew)
    }

    /// - Throws: `CancellationError` where the flow is asked to stop first; what is opened all the same is closed.
    private static func open(_ request: CaptureRequest, _ context: FlowContext) async throws -> any SourceSession {
        try await withThrowingTaskGroup(of: (any SourceSession)?.self) { group in
            group.addTask { try await context.source.open(request) }
            group.addTask {
                await context.inbox.waitForStop()
                return nil
            }
            defer { group.cancelAll() }
            if let opened = try await group.next() ?? nil { return opened }
            group.cancelAll()
            // What went wrong with an open that is given up is nobody's concern.
            if case .success(let opened?) = await group.nextResult() { await opened.close() }
            throw CancellationError()
        }
    }
}
