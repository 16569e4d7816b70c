import Synchronization
package import TallyEngine
package import TallyGroup
import TallyLedger
import TallyModel

/// What people ask of a running node.
extension Node: ControlledNode {
    package func statuses() async -> [FlowStatus] {
        let removed = removed.withLock { $0 }
        return flows.map(\.status).filter { !removed.contains($0.flow) }
    }

    package func groupStatuses() async -> [GroupStatus] {
        var statuses: [GroupStatus] = []
        let removed = removed.withLock { $0 }
        for group in groups where !removed.contains(group.name) { statuses.append(await group.status) }
        return statuses
    }

    package func pause(flow: String, table: String?) async throws(ControlError) {
        let flow = try self.flow(named: flow)
        let table = try self.table(table, of: flow)
        try await ControlError.wrapping { try await flow.pause(table) }
    }

    package func resume(flow: String, table: String?) async throws(ControlError) {
        let flow = try self.flow(named: flow)
        let table = try self.table(table, of: flow)
        try await ControlError.wrapping { try await flow.resume(table) }
    }

    package func resync(flow: String, table: String?) async throws(ControlError) {
        let flow = try self.flow(named: flow)
        let table = try self.table(table, of: flow)
        try await ControlError.wrapping { try await flow.resync(table) }
    }

    package func remove(flow name: String) async throws(ControlError) {
        let flow = try self.flow(named: name)
        leaving.withLock { _ = $0.insert(name) }
        flow.stop()
        await flow.waitUntilEnded()
        guard let settings = configuration(of: name) else { return }
        try await ControlError.wrapping {
            try await FlowRemoval(stores: try stores(of: settings), ledger: ledger).run(flow: name)
        }
        removed.withLock { _ = $0.insert(name) }
    }

    package func remove(group name: String) async throws(ControlError) {
        let group = try self.group(named: name)
        leaving.withLock { _ = $0.insert(name) }
        group.stop()
        try await ControlError.wrapping {
            try await group.waitUntilEnded()
            try await removal(ofGroup: name).run(group: name)
        }
        removed.withLock { _ = $0.insert(name) }
    }

    package func deadLetters(flow: String?) async throws(ControlError) -> [DeadLetterSummary] {
        try await letters(of: flow).map(DeadLetterSummary.init)
    }

    package func deadLetter(id: Int64) async throws(ControlError) -> DeadLetterDetail {
        guard let letter = try await letters(of: nil).first(where: { $0.id == id }) else {
            throw ControlError.noLetter(id)
        }
        return DeadLetterDetail(letter)
    }

    package func retry(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        try await settle(ids, flow) { flow, ids in try await flow.retry(ids) }
    }

    package func discard(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        try await settle(ids, flow) { flow, ids in try await flow.discard(ids) }
    }

    private func settle(
        _ ids: [Int64]?,
        _ name: String?,
        _ body: (Flow, [Int64]) async throws -> LetterOutcome
    ) async throws(ControlError) -> LetterResult {
        let letters = try await letters(of: name)
        let wanted = try LetterChoice(ids).choose(from: letters)
        return try await ControlError.wrapping {
            var result = LetterResult()
            for (name, letters) in Dictionary(grouping: wanted, by: \.flow).sorted(by: { $0.key < $1.key }) {
                let outcome = try await body(try self.flow(named: name), letters.map(\.id))
                result.settled += outcome.settled
                result.refused += outcome.refused
            }
            return result
        }
    }

    private func letters(of name: String?) async throws(ControlError) -> [DeadLetter] {
        let wanted = try name.map { name throws(ControlError) in [try self.flow(named: name)] } ?? flows
        return try await ControlError.wrapping {
            var letters: [DeadLetter] = []
            for flow in wanted { letters += try await ledger.deadLetters(of: flow.name) }
            return letters
        }
    }

    private func table(_ name: String?, of flow: Flow) throws(ControlError) -> TableName? {
        guard let name else { return nil }
        let known = flow.status.tables.map(\.table)
        guard known.contains(name) else { throw ControlError.noTable(name, of: flow.name, known: known) }
        return TableName(printed: name)
    }
}
