import Synchronization
import TallyModel

/// A session with an in-memory target: one transaction at a time, in a copy of what is visible.
final class InMemoryTargetSession: TargetSession, Sendable {
    private struct Work {
        var staged: TargetState?
        var call: StoreCall?
        var isClosed = false
        /// Of the transaction that is open.
        var mended = 0
        /// Kept back by a flaw.
        var detached: Checkpoint?
    }

    private let target: InMemoryTarget
    private let passage: Passage
    private let flow: String
    private let runner: Runner
    private let epoch: Int
    private let work = Mutex(Work())
    let progress: FlowProgress

    init(
        target: InMemoryTarget,
        passage: Passage,
        flow: String,
        runner: Runner,
        epoch: Int,
        progress: FlowProgress
    ) {
        self.target = target
        self.passage = passage
        self.flow = flow
        self.runner = runner
        self.epoch = epoch
        self.progress = progress
    }

    var identity: (id: String, label: String) { ("target", "memory") }

    // MARK: Asking

    func schema(of table: TableName) async throws -> TableSchema? {
        try await call(.schema) { try seen.tables[table]?.schema }
    }

    func isEmpty(_ table: TableName) async throws -> Bool {
        try await call(.isEmpty) { try seen.tables[table]?.rows.isEmpty ?? true }
    }

    func permitsFolding(_ table: TableName) async throws -> Bool {
        try await call(.permitsFolding) { target.uniques[table] == nil }
    }

    // MARK: Working

    func create(_ schema: TableSchema) async throws {
        try await stage(.create) { state in
            guard state.tables[schema.name] == nil else {
                throw StoreError(.incompatibleSchema, "there is a table \(schema.name) already", table: schema.name)
            }
            state.tables[schema.name] = TargetTable(schema, unique: target.uniques[schema.name])
        }
    }

    func alter(_ table: TableName, _ steps: [TableAlteration]) async throws {
        try await stage(.alter) { state in
            try state.change(table) { table in for step in steps { try table.alter(step) } }
        }
    }

    func finishLoad(of schema: TableSchema) async throws -> [String] {
        try await stage(.finishLoad) { state in try state.change(schema.name) { _ in } }
        return []
    }

    func apply(_ slice: Slice, replaying: Set<TableName>) async throws -> ApplyOutcome {
        let check = target.state.withLock { $0.check }
        let outcome = try await stage(.apply) { state in
            try state.apply(slice, replaying: replaying, accepts: check)
        }
        work.withLock { $0.mended += outcome.mended }
        if target.flaw == .showsHalves { try show(nil, notes: []) }
        return target.flaw == .swallowsRejections ? ApplyOutcome(mended: outcome.mended) : outcome
    }

    func violation(of index: Int, in slice: Slice) async throws -> Violation? {
        let check = target.state.withLock { $0.check }
        return try await call(.violation) { try seen.violation(of: index, in: slice, accepts: check) }
    }

    /// None: its tables have no foreign keys.
    func orphans(of slice: Slice) async throws -> [Orphan] { try await call(.orphans) { [] } }

    func load(_ chunk: Chunk, mode: LoadMode) async throws -> ApplyOutcome {
        let check = target.state.withLock { $0.check }
        let keys = chunk.rows.map { $0.picking(chunk.schema.key) }
        if !zip(keys, keys.dropFirst()).allSatisfy(KeyOrder.isBefore) { target.violate("a chunk is out of order") }
        if !keys.allSatisfy({ KeyOrder.contains(chunk.range, $0) }) { target.violate("a chunk exceeds its range") }
        return try await stage(.load) { state in try state.load(chunk, mode: mode, accepts: check) }
    }

    var loadsBeside: Bool { target.loadsBeside }

    func load(beside chunk: Chunk) async throws -> ApplyOutcome {
        let check = target.state.withLock { $0.check }
        return try await passage.carry(.load) {
            try connected()
            let outcome = try target.state.withLock { shared in
                var state = shared.commits[shared.commits.count - 1]
                let holder = state.flows[flow]?.runner
                guard holder == runner || target.flaw == .ignoresFence else {
                    throw StoreError(.fenced, "runner \(holder?.id ?? "none") has the flow now")
                }
                let outcome = try state.load(chunk, mode: .add, accepts: check)
                shared.numbering += 1
                state.number = shared.numbering
                shared.witness(&state, flow)
                shared.commits.append(state)
                return outcome
            }
            // The open transaction sees what others have committed meanwhile.
            try work.withLock { work in _ = try work.staged?.load(chunk, mode: .add, accepts: check) }
            return outcome
        }
    }

    func commit(_ checkpoint: Checkpoint?, notes: [TableNote]) async throws {
        try await call(.commit) {
            var checkpoint = checkpoint
            if target.flaw == .detachesCheckpoint, checkpoint != nil {
                checkpoint = work.withLock { work in
                    defer { work.detached = checkpoint }
                    return work.detached
                }
            }
            try show(checkpoint, notes: notes)
        }
    }

    func rollback() async {
        let isAlive = await passes(.rollback)
        if isAlive { leave() }
    }

    func makeDurable() async throws {
        let last = target.state.withLock { $0.commits[$0.commits.count - 1].number }
        try await passage.carry(.makeDurable) {
            try target.state.withLock { state in
                guard state.epoch == epoch else { throw StoreError(.unreachable, "the target was restarted") }
                guard target.flaw != .isNotDurable else { return }
                let kept = state.commits.firstIndex { $0.number >= last }
                state.commits.removeFirst(kept ?? 0)
            }
        }
    }

    func close() async {
        guard await passes(.closeTarget) else { return }
        leave()
        work.withLock { $0.isClosed = true }
        target.state.withLock { state in
            var free = state.commits[state.commits.count - 1]
            guard state.epoch == epoch, free.flows[flow]?.runner == runner else { return }
            free.flows[flow]?.runner = nil
            state.numbering += 1
            free.number = state.numbering
            state.commits.append(free)
        }
    }

    // MARK: Rules

    /// What the session sees: its own work, else what everybody sees.
    private var seen: TargetState {
        get throws {
            try connected()
            return work.withLock { $0.staged } ?? target.visible
        }
    }

    private func connected() throws {
        guard target.state.withLock({ $0.epoch }) == epoch else {
            leave()
            throw StoreError(.unreachable, "the target was restarted")
        }
    }

    private func passes(_ call: StoreCall) async -> Bool {
        do {
            try await passage(call, .going)
            return true
        } catch {
            // The process is gone, or the connection is: nothing arrives.
            leave()
            return false
        }
    }

    private func leave() {
        work.withLock { work in
            work.staged = nil
            work.mended = 0
        }
        target.state.withLock { _ = $0.writing.remove(ObjectIdentifier(self)) }
    }

    /// Makes a call, and takes note when it comes beside another or after the end.
    private func call<Result>(_ call: StoreCall, _ effect: () throws -> Result) async throws -> Result {
        let other = work.withLock { work -> StoreCall? in
            defer { work.call = call }
            return work.call
        }
        defer { work.withLock { $0.call = nil } }
        if let other { target.violate("\(call.rawValue) came beside \(other.rawValue)") }
        if work.withLock({ $0.isClosed }) { target.violate("\(call.rawValue) came after the end") }
        return try await passage.carry(call) {
            try connected()
            return try effect()
        }
    }

    private func stage<Result>(_ name: StoreCall, _ body: (inout TargetState) throws -> Result) async throws -> Result {
        try await call(name) {
            var state = work.withLock { $0.staged } ?? target.visible
            let result = try body(&state)
            work.withLock { $0.staged = state }
            target.state.withLock { _ = $0.writing.insert(ObjectIdentifier(self)) }
            return result
        }
    }

    private func show(_ checkpoint: Checkpoint?, notes: [TableNote]) throws {
        var state = work.withLock { $0.staged } ?? target.visible
        try target.state.withLock { shared in
            let latest = shared.commits[shared.commits.count - 1]
            let holder = latest.flows[flow]?.runner
            guard holder == runner || target.flaw == .ignoresFence else {
                throw StoreError(.fenced, "runner \(holder?.id ?? "none") has the flow now")
            }
            let former = latest.flows[flow]?.checkpoint
            if let former, let checkpoint, former.sourceID == checkpoint.sourceID, checkpoint.position < former.position
            {
                shared.violations.append("the checkpoint went back from \(former.position) to \(checkpoint.position)")
            }
            state.flows[flow] = latest.flows[flow]
            state.commit(checkpoint, notes: notes, of: flow)
            shared.numbering += 1
            state.number = shared.numbering
            shared.witness(&state, flow)
            shared.mended += work.withLock { $0.mended }
            shared.commits.append(state)
        }
        leave()
    }
}
