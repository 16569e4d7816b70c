import TallyEngine
import Synchronization
import TallyModel

/// What happens in a history.
extension FlowSimulation {
    func happen() {
        guard watch() else { return }
        let isCalm = scenario.mishaps.isEmpty || dice.chance(55)
        if isCalm { return writer.write(dice) }
        guard let mishap = dice.pick(Mishap.allCases.filter(scenario.mishaps.contains)) else { return }
        verdict.count(mishap.rawValue)
        switch mishap {
        case .crash: crash()
        case .restart: restart()
        case .powerLoss: losePower()
        case .outage: toggleOutage()
        case .flakiness: writer.write(dice)
        case .refusals: toggleRefusals()
        case .alterations: note(writer.alter(dice))
        case .lifecycle: note(writer.beginOrEndTable(dice))
        case .people: disturb()
        case .letters: askAboutLetters()
        case .takeover: takeOver()
        case .tampering: tamper()
        case .reconfiguration: reconfigure()
        }
    }

    private func note(_ event: String?) {
        if let event { verdict.note(event) }
    }

    /// Condemns a flow that stands still for no reason of this history.
    func watch() -> Bool {
        guard let (generation, flow) = current, !generation.isLeaving else {
            start()
            return true
        }
        if case .gaveUp(let error)? = generation.ending {
            verdict.condemn("gave up: \(error)")
            return false
        }
        if generation.hasEnded {
            verdict.condemn("ended by itself")
            return false
        }
        let status = flow.status
        if status.phase == .stopped {
            verdict.condemn("stopped: \(status.message ?? "")")
            return false
        }
        if let pause = ledger.pauses.first(where: { $0.reason != nil }) {
            verdict.condemn("paused \(pause.table?.description ?? "all"): \(pause.reason ?? "")")
            return false
        }
        return true
    }

    // MARK: Processes

    private func crash() {
        guard let (generation, _) = current else { return }
        verdict.note("crash \(generation.number)")
        generation.die()
        if dice.chance(70) { start() }
    }

    private func restart() {
        guard let (generation, flow) = current else { return }
        verdict.note("stop \(generation.number)")
        generation.leaves()
        flow.stop()
        _ = pass { generation.hasEnded }
        if !generation.hasEnded { verdict.condemn("did not stop when it was asked to") }
        start()
    }

    private func takeOver() {
        // One that is taken over before its first checkpoint registers anew and has the source forget, which the other
        // is told at its next start. Neither store can prevent that, and it is not what histories are about.
        guard let (generation, _) = current, target.durable.flows[Self.flowName]?.checkpoint != nil else { return }
        guard
            state.withLock({ state in
                defer { state.wasTakenOver = true }
                return !state.wasTakenOver
            })
        else { return }
        verdict.note("\(generation.number) is taken over")
        // The old one goes on, not knowing.
        generation.leaves()
        start(takesOver: true)
    }

    private func reconfigure() {
        guard let name = dice.pick(scenario.tables), let recipe = dice.pick(Recipe.allCases) else { return }
        verdict.note("\(name) is \(recipe.rawValue) from now on")
        state.withLock { $0.recipes[name] = recipe }
        current?.generation.die()
        start()
    }

    // MARK: Stores

    private func losePower() {
        verdict.note("the target loses power")
        target.losePower { dice.below($0 + 1) }
    }

    private func toggleOutage() {
        let side: Weather.Side = dice.chance(50) ? .source : .target
        let isBack = weather.toggleOutage(of: side)
        verdict.note("the \(side.rawValue) is \(isBack ? "back" : "out")")
        source.interrupt()
    }

    private func toggleRefusals() {
        let refuses = state.withLock { state in
            state.refusesRows.toggle()
            return state.refusesRows
        }
        verdict.note("the target \(refuses ? "refuses rows" : "takes all rows")")
    }

    private func tamper() {
        guard !target.isBeingWritten, let name = dice.pick(target.visible.tables.keys.sorted()) else { return }
        // A load that is still to begin is going to make up for this one too.
        guard ledger.pauses.isEmpty, !target.visible.isTampered.contains(name), !ledger.requests.contains(name) else {
            return
        }
        verdict.note("somebody changes \(name) in the target")
        target.tamper(with: name) { table in
            for key in table.rows.keys.sorted(by: KeyOrder.isBefore) where dice.chance(30) { table.rows[key] = nil }
        }
        errand { [self] in
            try await ledger.reached(by: .clear).requestResync(flow: Self.flowName, table: name)
            try await current?.flow.resync(name)
        }
    }

    // MARK: People

    private func disturb() {
        guard let flow = current?.flow else { return }
        let name = dice.pick(scenario.tables)
        let roll = dice.below(100)
        verdict.note("a person, \(roll): \(name?.description ?? "")")
        errand { [scenario] in
            switch roll {
            case 0..<8: try await flow.pause(nil)
            case 8..<30: try await flow.resume(nil)
            case 30..<50: try await flow.pause(name)
            case 50..<80: try await flow.resume(name)
            case 80..<95: try await flow.resync(name)
            default: if !scenario.mishaps.contains(.takeover) { try await flow.resync(nil) }
            }
        }
    }

    private func askAboutLetters() {
        guard let flow = current?.flow else { return }
        let ids = dice.pick(ledger.letters)?.id
        let givesUp = dice.chance(20)
        verdict.note("a person \(givesUp ? "discards" : "retries") letter \(ids.map(String.init) ?? "all")")
        errand {
            let wanted = ids.map { [$0] }
            _ = givesUp ? try await flow.discard(wanted) : try await flow.retry(wanted)
        }
    }
}
