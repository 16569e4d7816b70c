import Synchronization
package import TallyModel

/// A target that lives in memory and keeps the protocol's rules, the hard ones first.
///
/// Commits are visible at once and durable when somebody asked for it and was answered; ``losePower()`` takes back what
/// is not. Calls that break the protocol are written down in ``violations``.
package final class InMemoryTarget: Sendable {
    /// Whether a table takes a row, as a CHECK constraint decides it.
    package typealias Check = @Sendable (TableSchema, Row) -> Bool
    /// Told of each commit of a flow, before anybody sees it. Must not call the target.
    package typealias Witness = @Sendable (_ state: inout TargetState, _ flow: String) -> Void

    struct State {
        /// The durable commit first, then those that a loss of power can take back.
        var commits = [TargetState()]
        /// Grows when sessions are cut off.
        var epoch = 0
        var violations: [String] = []
        var mended = 0
        /// The sessions with a transaction open.
        var writing: Set<ObjectIdentifier> = []
        var check: Check = { _, _ in true }
        var witness: Witness = { _, _ in }
        var isRunning: @Sendable (Runner) -> Bool = { _ in true }
        var numbering = 0
    }

    /// By table, the column that is unique beside the key.
    let uniques: [TableName: String]
    let flaw: Flaw?
    /// Whether chunks of a load may be written beside each other.
    let loadsBeside: Bool
    let state = Mutex(State())

    package init(uniques: [TableName: String] = [:], flaw: Flaw? = nil, loadsBeside: Bool = false) {
        self.uniques = uniques
        self.flaw = flaw
        self.loadsBeside = loadsBeside
    }

    /// What whoever looks now sees.
    package var visible: TargetState { state.withLock { $0.commits[$0.commits.count - 1] } }
    /// What would be there after a loss of power now, at the least.
    package var durable: TargetState { state.withLock { $0.commits[0] } }
    package var violations: [String] { state.withLock { $0.violations } }
    /// How many changes found a row other than they had it, in tables that were not being loaded.
    package var mended: Int { state.withLock { $0.mended } }
    package var isBeingWritten: Bool { state.withLock { !$0.writing.isEmpty } }

    package func accept(_ check: @escaping Check) {
        state.withLock { $0.check = check }
    }

    /// Tells which runners can be seen to run; unless told, all do.
    package func recognise(_ isRunning: @escaping @Sendable (Runner) -> Bool) {
        state.withLock { $0.isRunning = isRunning }
    }

    package func witness(_ witness: @escaping Witness) {
        state.withLock { $0.witness = witness }
    }

    /// Cuts every session off and takes back commits that are not durable: all, or the later ones.
    ///
    /// - Parameter kept: How many of those that are not durable happen to survive.
    package func losePower(keeping kept: (_ count: Int) -> Int = { _ in 0 }) {
        state.withLock { state in
            let survivors = 1 + min(kept(state.commits.count - 1), state.commits.count - 1)
            state.commits = [state.commits[survivors - 1]]
            state.epoch += 1
            state.writing = []
        }
    }

    /// Has somebody change a table by hand, durably.
    package func tamper(with name: TableName, _ body: (inout TargetTable) -> Void) {
        state.withLock { state in
            guard var tampered = state.commits.last, var table = tampered.tables[name] else { return }
            body(&table)
            tampered.tables[name] = table
            tampered.isTampered.insert(name)
            state.numbering += 1
            tampered.number = state.numbering
            state.commits = [tampered]
        }
    }

    /// The target as it is reached by a passage of one's own.
    package func reached(by passage: Passage) -> any Target { InMemoryTargetClient(target: self, passage: passage) }

    func violate(_ rule: String) {
        state.withLock { $0.violations.append(rule) }
    }
}

/// An in-memory target as one process reaches it.
struct InMemoryTargetClient: Target {
    let target: InMemoryTarget
    let passage: Passage

    func catalog() async throws -> [TableSchema] {
        try await passage.carry(.catalog) { target.visible.tables.values.map(\.schema).sorted { $0.name < $1.name } }
    }

    func inspect(_ tables: [TableSchema], create: Bool) async throws -> [Finding] { [] }

    func open(flow: String, runner: Runner, takeOver: Bool) async throws -> any TargetSession {
        try await passage.carry(.open) {
            let isRunning = target.state.withLock { $0.isRunning }
            return try target.state.withLock { state in
                var claimed = state.commits[state.commits.count - 1]
                var held = claimed.flows[flow] ?? TargetState.Held()
                if let holder = held.runner, holder != runner, !takeOver, isRunning(holder) {
                    throw StoreError(.held, "runner \(holder.id) has the flow \(flow)")
                }
                held.runner = runner
                claimed.flows[flow] = held
                state.numbering += 1
                claimed.number = state.numbering
                state.commits.append(claimed)
                return InMemoryTargetSession(
                    target: target,
                    passage: passage,
                    flow: flow,
                    runner: runner,
                    epoch: state.epoch,
                    progress: claimed.progress(of: flow) ?? FlowProgress()
                )
            }
        }
    }

    func progress(of flow: String) async throws -> FlowProgress? {
        try await passage.carry(.progress) { target.visible.progress(of: flow) }
    }

    func remove(flow: String) async throws {
        try await passage.carry(.remove) {
            target.state.withLock { state in
                var cleared = state.commits[state.commits.count - 1]
                cleared.flows[flow] = nil
                state.commits.append(cleared)
            }
        }
    }
}
