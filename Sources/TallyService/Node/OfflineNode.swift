package import TallyEngine
package import TallyGroup
import TallyLedger
import TallyModel
import TallySQLite

/// Does what people ask while no `tally run` is up: straight on the ledger and the stores.
///
/// Whoever makes one to change things holds the state folder meanwhile; see ``NodeConnection``.
package struct OfflineNode: ControlledNode {
    package let configuration: Configuration

    package init(configuration: Configuration) {
        self.configuration = configuration
    }

    // MARK: Looking

    package func statuses() async throws(ControlError) -> [FlowStatus] {
        try await withLedger { ledger in
            var statuses: [FlowStatus] = []
            for flow in configuration.flows { statuses.append(try await status(of: flow, ledger)) }
            return statuses
        }
    }

    package func groupStatuses() async throws(ControlError) -> [GroupStatus] {
        try await ControlError.wrapping {
            var statuses: [GroupStatus] = []
            for settings in configuration.groups { statuses.append(try await status(of: settings)) }
            return statuses
        }
    }

    private func status(of settings: GroupSettings) async throws -> GroupStatus {
        let members = try settings.stores(in: configuration)
        do {
            return try await GroupStatus(
                notRunning: settings,
                members: members,
                ledgerPath: configuration.ledgerPath(ofGroup: settings.name),
                now: Timestamp.now
            )
        } catch let error as StoreError where error.code == .damaged {
            // The others of the node's flows and groups have something to say all the same.
            var status = GroupStatus(
                group: settings.name,
                members: members.map { GroupStatus.Member(name: $0.name, label: $0.label, phase: .stopped) }
            )
            status.members[0].message = error.message
            return status
        }
    }

    private func status(of flow: FlowConfiguration, _ ledger: Ledger) async throws -> FlowStatus {
        let stores = try FlowStores(flow, in: configuration)
        let name = flow.settings.name
        do {
            return try FlowStatus(
                notRunning: flow.settings,
                source: stores.source.label,
                target: stores.target.label,
                progress: try await stores.target.0.progress(of: name),
                pauses: try await ledger.pauses(of: name),
                deadLetters: try await ledger.deadLetters(of: name),
                stop: try await stop(of: flow, stores, ledger)
            )
        } catch {
            var status = FlowStatus(flow: name, source: stores.source.label, target: stores.target.label)
            status.phase = .notRunning
            status.message = "\(error)"
            return status
        }
    }

    /// What stands in the way of the flow: what ended it, or what would end it because its source is not what it was.
    private func stop(of flow: FlowConfiguration, _ stores: FlowStores, _ ledger: Ledger) async throws -> FlowStop? {
        let name = flow.settings.name
        // A new load of everything asks nothing of the history.
        if try await ledger.resyncRequests(of: name).contains(where: { $0.table == nil }) { return nil }
        if let stop = try await ledger.stop(of: name) { return stop }
        return try await HistoryCheck(stores: stores, settings: flow.settings).problem().map { error in
            FlowStop(code: error.code.description, reason: error.description, since: Timestamp.now())
        }
    }

    // MARK: Flows and tables

    package func pause(flow: String, table: String?) async throws(ControlError) {
        let table = try await self.table(table, of: flow)
        try await withLedger(of: flow) { ledger, _ in
            try await ledger.pause(Pause(table: table, reason: nil, since: Timestamp.now()), flow: flow)
        }
    }

    package func resume(flow: String, table: String?) async throws(ControlError) {
        let table = try await self.table(table, of: flow)
        try await withLedger(of: flow) { ledger, _ in try await ledger.resume(flow: flow, table: table) }
    }

    package func resync(flow: String, table: String?) async throws(ControlError) {
        let table = try await self.table(table, of: flow)
        try await withLedger(of: flow) { ledger, _ in try await ledger.requestResync(flow: flow, table: table) }
    }

    package func remove(flow: String) async throws(ControlError) {
        try await withLedger(of: flow) { ledger, settings in
            try await FlowRemoval(stores: try FlowStores(settings, in: configuration), ledger: ledger).run(flow: flow)
        }
    }

    package func remove(group name: String) async throws(ControlError) {
        guard configuration.groups.contains(where: { $0.name == name }) else {
            throw ControlError.noGroup(name, in: configuration)
        }
        try await ControlError.wrapping { try await GroupRemoval(of: name, in: configuration).run(group: name) }
    }

    package func surveyLedger(ofGroup name: String) async throws(ControlError) -> RebuildDetail {
        try await ControlError.wrapping { try GroupRebuild(of: name, in: configuration).survey() }
    }

    package func rebuild(group name: String) async throws(ControlError) -> RebuildDetail {
        try await ControlError.wrapping { try GroupRebuild(of: name, in: configuration).run(at: .now()) }
    }

    // MARK: Dead letters

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
        try await settle(ids, flow) { letters, settings, ledger in
            let stores = try FlowStores(settings, in: configuration)
            let session = try await stores.target.0.open(
                flow: settings.settings.name,
                runner: Runner.current(),
                takeOver: false
            )
            do {
                let retry = LetterRetry(target: session, settings: settings.settings, now: Timestamp.now)
                let (outcome, refused) = try await retry.run(letters)
                try await ledger.removeDeadLetters(outcome.settled, why: .retried)
                _ = try await ledger.park(refused)
                await session.close()
                return LetterResult(settled: outcome.settled, refused: outcome.refused)
            } catch {
                await session.close()
                throw error
            }
        }
    }

    package func discard(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult {
        try await settle(ids, flow) { letters, _, ledger in
            try await ledger.removeDeadLetters(letters.map(\.id), why: .discarded)
            return LetterResult(settled: letters.map(\.id))
        }
    }

    private func settle(
        _ ids: [Int64]?,
        _ name: String?,
        _ body: ([DeadLetter], FlowConfiguration, Ledger) async throws -> LetterResult
    ) async throws(ControlError) -> LetterResult {
        let wanted = try LetterChoice(ids).choose(from: try await letters(of: name))
        var result = LetterResult()
        for (name, letters) in Dictionary(grouping: wanted, by: \.flow).sorted(by: { $0.key < $1.key }) {
            try await withLedger(of: name) { ledger, settings in
                let part = try await body(letters, settings, ledger)
                result.settled += part.settled
                result.refused += part.refused
            }
        }
        return result
    }

    private func letters(of name: String?) async throws(ControlError) -> [DeadLetter] {
        let wanted = try name.map { name throws(ControlError) in [try flow(named: name)] } ?? configuration.flows
        return try await withLedger { ledger in
            var letters: [DeadLetter] = []
            for flow in wanted { letters += try await ledger.deadLetters(of: flow.settings.name) }
            return letters
        }
    }

    // MARK: Finding

    private func withLedger(
        of name: String,
        _ body: (Ledger, FlowConfiguration) async throws -> Void
    ) async throws(ControlError) {
        let flow = try flow(named: name)
        try await withLedger { try await body($0, flow) }
    }

    private func withLedger<Result>(_ body: (Ledger) async throws -> Result) async throws(ControlError) -> Result {
        try await ControlError.wrapping {
            let ledger = try await Ledger.open(path: configuration.ledgerPath)
            do {
                let result = try await body(ledger)
                await ledger.close()
                return result
            } catch {
                await ledger.close()
                throw error
            }
        }
    }

    private func flow(named name: String) throws(ControlError) -> FlowConfiguration {
        guard let flow = configuration.flows.first(where: { $0.settings.name == name }) else {
            throw ControlError.noFlow(name, in: configuration)
        }
        return flow
    }

    private func table(_ name: String?, of flow: String) async throws(ControlError) -> TableName? {
        let settings = try self.flow(named: flow)
        guard let name else { return nil }
        let tables = try await ControlError.wrapping {
            try await FlowStores(settings, in: configuration).source.0.catalog().map(\.name)
        }
        let known = tables.filter(settings.settings.tables.contains).map(\.description)
        guard known.contains(name) else { throw ControlError.noTable(name, of: flow, known: known) }
        return TableName(printed: name)
    }
}
