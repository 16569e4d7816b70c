import Logging
import TallyModel

/// What people ask for, and tables that stand still.
extension FlowSession {
    /// Reads the ledger for what people asked for and does it; never inside a batch.
    func reconsider() async throws -> Ending? {
        let pauses = try await context.ledger.pauses(of: context.name)
        if pauses.contains(where: { $0.table == nil }) { return .reopen }
        for (name, state) in tables.sorted(by: { $0.key < $1.key }) {
            let pause = pauses.first { $0.table == name }
            if let pause, !state.isPaused {
                try await stand(name, reason: pause.reason)
            } else if pause == nil, state.isPaused {
                tables[name]?.isPaused = false
                tables[name]?.pauseReason = nil
                // Changes went by meanwhile: the table is compared, and only what differs is written.
                try await begin(state.schema, again: state.progress != nil)
            } else if let pause {
                tables[name]?.pauseReason = pause.reason
                show(name)
            }
        }
        for request in try await context.ledger.resyncRequests(of: context.name) {
            guard let name = request.table else { return .reopen }
            if let state = tables[name], !state.isPaused { try await begin(state.schema, again: true) }
            try await forget(request)
        }
        return nil
    }

    /// Forgets what a person asked for, once a loss of power could not take back its beginning.
    func forget(_ request: ResyncRequest) async throws {
        try await target.makeDurable()
        try await context.ledger.resyncBegan(request, flow: context.name)
    }

    /// Pauses a table that is in the way of the others.
    func pause(_ table: TableName, reason: String) async throws {
        // Throws when another runner has the flow: then the reason is that, and nothing is wrong with the table.
        try await target.commit(nil, notes: [])
        context.logger.error("table paused", metadata: ["table": "\(table)", "reason": "\(reason)"])
        try await context.ledger.pause(
            Pause(table: table, reason: reason, since: context.options.now()),
            flow: context.name
        )
        try await stand(table, reason: reason)
    }

    func stand(_ table: TableName, reason: String?) async throws {
        tables[table]?.isPaused = true
        tables[table]?.pauseReason = reason
        if tables[table]?.progress?.phase != .paused { try await note(table) { $0.phase = .paused } }
        show(table)
    }

    func note(_ table: TableName, _ change: (inout TableProgress) -> Void) async throws {
        guard var progress = tables[table]?.progress else { return }
        change(&progress)
        try await target.commit(nil, notes: [try progress.note(for: table)])
        tables[table]?.progress = progress
    }
}
