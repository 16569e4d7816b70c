import TallyEngine
import Synchronization
import TallyModel

/// The end of a history: the trouble is over, and everything has to be made good.
extension FlowSimulation {
    func settle() {
        guard isClean else { return }
        verdict.note("--- the trouble is over")
        weather.clear()
        // A run that ends when it has caught up cannot wait for changes of structure that have no position.
        source.beat()
        endAll()
        resumeAll()
        guard isClean, catchUp() else { return }
        judge.judgeTheEnd(target.visible, flow: Self.flowName, excuses: true)
        guard isClean else { return }
        state.withLock { $0.refusesRows = false }
        retryLetters()
        resyncWhatIsLeft()
        guard isClean, catchUp() else { return }
        judgeCalm()
        judge.judgeTheEnd(target.visible, flow: Self.flowName, excuses: false)
        let isRetained = source.acknowledged(by: Self.flowName) != source.latest
        if isRetained, !scenario.quirks.losesAcknowledgements { verdict.condemn("the source was not acknowledged") }
        if target.durable.flows[Self.flowName]?.checkpoint != target.visible.flows[Self.flowName]?.checkpoint {
            verdict.condemn("the end is not durable")
        }
    }

    private func endAll() {
        for (generation, flow) in state.withLock({ Array(zip($0.generations, $0.flows)) }) where !generation.hasEnded {
            let isLast = generation === current?.generation
            if isLast, !generation.isLeaving, dice.chance(50) { flow.stop() } else { generation.die() }
            generation.leaves()
        }
        let isOver = pass { state.withLock { $0.errands == 0 && $0.generations.allSatisfy(\.hasEnded) } }
        if !isOver { verdict.condemn("a flow did not end when it was asked to, or a person was never answered") }
    }

    private func resumeAll() {
        for pause in ledger.pauses {
            if let reason = pause.reason { verdict.condemn("paused \(pause.table?.description ?? "all"): \(reason)") }
            wait { try await $0.resume(flow: Self.flowName, table: pause.table) }
        }
    }

    /// Runs the flow until it has caught up.
    private func catchUp() -> Bool {
        let generation = start(endsWhenCaughtUp: true)
        guard pass(until: { generation.hasEnded }) else {
            verdict.condemn("does not catch up: \(current?.flow.status.phase.rawValue ?? "")")
            return false
        }
        generation.leaves()
        if case .gaveUp(let error)? = generation.ending { verdict.condemn("did not catch up: \(error)") }
        return isClean
    }

    /// Tries the dead letters again, as the command does while no flow runs.
    private func retryLetters() {
        for _ in 0..<3 where !ledger.letters.isEmpty {
            let recipes = state.withLock { $0.recipes }
            let settings = FlowSettings(name: Self.flowName, transforms: recipes.mapValues(\.settings))
            wait { [self] ledger in
                let runner = Runner(id: "command", host: "simulated", processID: 2, processStart: "")
                let session = try await target.reached(by: .clear)
                    .open(flow: Self.flowName, runner: runner, takeOver: true)
                let retry = LetterRetry(target: session, settings: settings, now: { [clock] in clock.timestamp })
                let (outcome, _) = try await retry.run(try await ledger.deadLetters(of: Self.flowName))
                try await ledger.removeDeadLetters(outcome.settled, why: .retried)
                await session.close()
            }
        }
        if ledger.discarded.isEmpty, ledger.letters.isEmpty, target.visible.isTampered.isEmpty {
            judge.judgeTheEnd(target.visible, flow: Self.flowName, excuses: false)
        }
    }

    /// Rows that were given up, and letters that stand in each other's way, take a load to be made good.
    private func resyncWhatIsLeft() {
        let names = Set(ledger.letters.map(\.table) + ledger.discarded.map(\.table))
        for name in names.sorted() where source.tables[name] != nil {
            wait { try await $0.requestResync(flow: Self.flowName, table: name) }
        }
        ledger.forgetDiscarded()
    }

    private func judgeCalm() {
        let isThere = Set(source.tables.keys)
        if let letter = ledger.letters.first(where: { isThere.contains($0.table) }) {
            verdict.condemn("a letter of \(letter.table) is left: \(letter.reason)")
        }
        let tampered = target.visible.isTampered.intersection(isThere)
        if let name = tampered.min() { verdict.condemn("\(name) was never loaded again, though somebody asked for it") }
        if !scenario.isMending, target.mended > 0 {
            verdict.condemn("\(target.mended) changes were applied twice or not at all")
        }
    }

    private func wait(_ body: @escaping @Sendable (any FlowLedger) async throws -> Void) {
        errand { [self] in
            do {
                try await body(ledger.reached(by: .clear))
            } catch {
                verdict.condemn("a command failed: \(error)")
            }
        }
        if !pass(until: { state.withLock { $0.errands == 0 } }) { verdict.condemn("a command did not end") }
    }
}
