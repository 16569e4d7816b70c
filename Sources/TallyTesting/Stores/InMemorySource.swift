import Synchronization
package import TallyModel

/// A source that lives in memory and keeps the protocol's rules, the hard ones first.
///
/// Capture begins when a flow is registered. History is kept until every registered flow has acknowledged it and not a
/// moment longer, so that who acknowledges too early loses it. Tests write with ``write(at:_:)``.
package final class InMemorySource: Sendable {
    struct State {
        var history: SourceHistory
        var waiting: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
        var nextWaiter = 0
    }

    let state: Mutex<State>

    package init(id: String = "source", quirks: SourceQuirks = SourceQuirks(), seed: UInt64 = 0) {
        let history = SourceHistory(id: id, quirks: quirks, dice: SplitMix64(seed: seed))
        state = Mutex(State(history: history))
    }

    // MARK: The world's side

    package var tables: [TableName: SourceTable] { state.withLock { $0.history.tables } }
    package var latest: UInt64 { state.withLock { $0.history.order } }

    /// What the tables held at a position; several where only structures changed.
    package func states(at order: UInt64) -> [[TableName: SourceTable]] {
        state.withLock { $0.history.states[order] ?? [] }
    }

    /// How far a flow has acknowledged; `nil` when it is not registered.
    package func acknowledged(by flow: String) -> UInt64? {
        state.withLock { $0.history.registrations[flow]?.acknowledged }
    }

    /// Commits what `body` writes as one transaction.
    package func write(at time: Timestamp = Timestamp(microseconds: 0), _ body: (inout SourceTransaction) -> Void) {
        change { $0.write(at: time, body) }
    }

    /// Commits a transaction that changes nothing.
    package func beat() {
        change { $0.beat() }
    }

    /// Makes a table; one of its name is replaced, unseen by capture.
    package func create(_ table: SourceTable) {
        change { $0.create(table) }
    }

    package func drop(_ table: TableName) {
        change { $0.drop(table) }
    }

    /// Adds a column that has a name as new as itself.
    ///
    /// - Returns: The name.
    @discardableResult
    package func addColumn(to table: TableName, default value: Int? = nil) -> String {
        var name = ""
        change { history in
            let id = history.takeColumnID(for: table)
            name = "x\(id)"
            let column = Column(
                id: id,
                name: name,
                declaredType: "INTEGER",
                defaultExpression: value.map(String.init)
            )
            history.alter(table) { $0.add(column) }
        }
        return name
    }

    package func renameColumn(_ name: String, of table: TableName, to newName: String) {
        change { history in
            history.alter(table) { table in
                if let place = table.schema.column(named: name) { table.rename(place, to: newName) }
            }
        }
    }

    package func dropColumn(_ name: String, of table: TableName) {
        change { history in
            history.alter(table) { table in
                if let place = table.schema.column(named: name) { table.drop(place) }
            }
        }
    }

    /// Has every session that waits look again whether it is still connected.
    package func interrupt() {
        change { _ in }
    }

    /// The source as it is reached by a passage of one's own.
    package func reached(by passage: Passage) -> any Source { InMemorySourceClient(source: self, passage: passage) }

    // MARK: The sessions' side

    func read<Result: Sendable>(_ body: (inout SourceHistory) throws -> Result) rethrows -> Result {
        try state.withLock { try body(&$0.history) }
    }

    private func change(_ body: (inout SourceHistory) -> Void) {
        let waiting = state.withLock { state in
            body(&state.history)
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.continuation.resume() }
    }

    /// Returns when there may be an entry of that number, or the task is cancelled.
    func waitForEntry(_ number: Int) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.history.endOfEntries > number || Task.isCancelled { return true }
                    state.waiting.append((id, continuation))
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume()
        }
    }
}
