import Logging
import TallyModel
import TallyTransform

/// Changes on their way: routed, transformed, applied, committed.
extension FlowSession {
    /// Applies a slice, together with those that came right behind it while the target was busy.
    func take(_ first: Slice) async throws {
        var tablesToSweep = sweptAt.passed(by: first)
        defer { beginSweeps(of: tablesToSweep) }
        if let end = first.end, end.position <= checkpoint, !batch.isOpen {
            // Sent again after a reconnection; the target has it.
            return
        }
        var slice = first
        for next in context.inbox.takeSlices(after: first) {
            tablesToSweep += sweptAt.passed(by: next)
            slice.join(next)
        }
        try await apply(slice)
        context.inbox.giveBack(slice)
        isInTransaction = slice.end == nil
        if let end = slice.end {
            let earliest = [pendingEnd?.time, end.time].compactMap { $0 }.min()
            pendingEnd = Commit(position: end.position, time: earliest)
        }
        if batch.shouldCommit(atEnd: !isInTransaction, moreIsReady: context.inbox.hasEvent) { try await commit() }
    }

    private func apply(_ slice: Slice) async throws {
        let states = slice.tables.map { tables[$0.name] }
        let permits = states.map { $0.map { $0.permitsFolding && !($0.progress?.isReplaying ?? true) } ?? false }
        let folded = parked.isEmpty ? NetEffect.fold(slice, permits: permits) : slice
        let position = slice.end?.position ?? pendingEnd?.position ?? checkpoint
        var outgoing = Outgoing(position: position)
        for index in slice.tables.indices { try outgoing.tables.append(table(slice.tables[index], states[index])) }
        if parked.isEmpty, outgoing.isUntouched {
            outgoing.pass(folded.changes)
        } else {
            send(folded.changes, of: slice, &outgoing)
        }
        for (schema, table) in zip(slice.tables, outgoing.tables) where table.route != nil {
            pendingCounts.add(table.operations, of: schema.name)
        }
        try await hand(over: outgoing, slice: slice)
        batch.applied(slice)
    }

    private func table(_ schema: TableSchema, _ state: TableState?) throws -> Outgoing.Table {
        guard let state, state.isFollowed else { return Outgoing.Table(route: nil, output: schema) }
        let route = try route(for: schema)
        return Outgoing.Table(route: route, output: route.output)
    }

    private func send(_ changes: [Change], of slice: Slice, _ outgoing: inout Outgoing) {
        outgoing.reserveCapacity(changes.count)
        var held = parked.isEmpty ? nil : HeldRows(parked)
        let isHeld = slice.tables.map { parked.holds($0.name) }
        for change in changes {
            guard let route = outgoing.tables[change.table].route else { continue }
            if isHeld[change.table] {
                let parts = held?.folded(change, slice.tables[change.table]) ?? [change]
                for part in parts { send(part, of: slice, route, &outgoing) }
            } else {
                send(change, of: slice, route, &outgoing)
            }
        }
    }

    private func send(_ change: Change, of slice: Slice, _ route: Route, _ outgoing: inout Outgoing) {
        do {
            let routed = try route.change(change)
            if change.formerKey != nil, routed.operation == .delete {
                // Neither key is to have a row: under the new one there may be one that could not be moved away.
                for part in change.splitIfMoved(keyed: slice.tables[change.table]) {
                    send(part, of: slice, route, &outgoing)
                }
                return
            }
            outgoing.add(routed, from: change)
        } catch {
            let parts = change.splitIfMoved(keyed: slice.tables[change.table])
            // The row under its former key has to go all the same.
            if parts.count == 2 { send(parts[0], of: slice, route, &outgoing) }
            outgoing.failures.append((outgoing.changes.count, parts[parts.count - 1], "\(error)"))
        }
    }

    private func hand(over outgoing: Outgoing, slice: Slice) async throws {
        guard !outgoing.changes.isEmpty else { return try await settle([], of: outgoing, in: slice.tables) }
        let routed = outgoing.slice(end: slice.end, byteCount: slice.byteCount)
        let replaying = self.replaying
        let outcome = try await namingSource { try await target.apply(routed, replaying: replaying) }
        if countsMended(slice) { pendingCounts.mended += outcome.mended }
        try await settle(outcome.rejections, of: outgoing, in: slice.tables)
    }

    /// The target's tables whose rows may be newer than the stream.
    var replaying: Set<TableName> {
        Set(tables.values.filter { $0.progress?.isReplaying ?? false }.map(\.target))
    }

    /// Whether a row that was not as expected says anything: not where rows come and go by a `where`, nor where polls
    /// cannot tell an insert from an update.
    private func countsMended(_ slice: Slice) -> Bool {
        tellsUpdatesFromInserts && slice.tables.allSatisfy { context.transform(of: $0.name).where == nil }
    }

    private var tellsUpdatesFromInserts: Bool {
        switch context.settings.capture.mode {
        case .timestamp, .version: false
        case .auto, .log, .trigger: true
        }
    }

    /// Has the target's errors name the table as the source does, which is how people pause and resume it.
    func namingSource<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch var error as StoreError {
            if let table = error.table, let name = tables.first(where: { $0.value.target == table })?.key {
                error.table = name
            }
            throw error
        }
    }

    func park(_ change: Change, _ schema: TableSchema, reason: String, at position: Position) {
        let now = context.options.now()
        var change = change
        change.table = 0
        let isUpdate = change.operation == .update && tellsUpdatesFromInserts
        parked.park(
            DeadLetter(
                flow: context.name,
                schema: schema,
                change: change,
                key: schema.identity(of: change.row),
                reason: reason,
                position: position,
                firstSeen: now,
                lastSeen: now
            ),
            replacingUnkeyed: isUpdate && schema.hasNullKey(change.row)
        )
        context.logger.warning(
            "change refused: parked as a dead letter",
            metadata: ["table": "\(schema.name)", "reason": "\(reason)", "position": "\(position)"]
        )
    }

    /// Commits the open batch: letters first, then data and checkpoint together, then what follows from them.
    func commit() async throws {
        guard let end = pendingEnd else { return }
        try await makeLettersDurable()
        context.reached(.batchApplied)
        try await target.commit(Checkpoint(sourceID: sourceID, position: end.position), notes: [])
        context.reached(.batchCommitted)
        checkpoint = end.position
        report(end)
        batch.committed()
        pendingEnd = nil
        pendingCounts = PendingCounts()
        acknowledger.advance(to: end.position)
        try await removePassedLetters()
        try await settleLoads()
    }

    private func report(_ end: Commit) {
        let counts = pendingCounts
        context.meter.committed(end.position, changes: counts.changes, mended: counts.mended, since: end.time)
        for (table, operations) in counts.tables {
            context.meter.table(table) { status in
                status.inserts += operations.inserts
                status.updates += operations.updates
                status.deletes += operations.deletes
            }
        }
    }

    /// The way of rows captured under `schema`.
    func route(for schema: TableSchema) throws -> Route {
        let key = RouteKey(table: schema.name, version: schema.version)
        if let route = routes[key] { return route }
        let progress = tables[schema.name]?.progress
        let route = try Route(
            schema,
            adopted: progress?.adopted ?? schema,
            ignored: progress?.ignored ?? [],
            settings: context.transform(of: schema.name)
        )
        routes[key] = route
        return route
    }
}
