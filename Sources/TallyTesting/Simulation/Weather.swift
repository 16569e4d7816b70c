import Synchronization
import TallyModel

/// What the calls of simulated processes meet on their way: waits, outages, lost answers.
final class Weather: Sendable {
    enum Side: String, Sendable, CaseIterable {
        case source, target, ledger
    }

    private struct State {
        var outages: Set<Side> = []
        var isCalm = false
    }

    private let scenario: Scenario
    private let executor: SeededExecutor
    private let clock: VirtualClock
    private let dice: Dice
    private let verdict: Verdict
    private let state = Mutex(State())

    init(_ scenario: Scenario, executor: SeededExecutor, clock: VirtualClock, dice: Dice, verdict: Verdict) {
        self.scenario = scenario
        self.executor = executor
        self.clock = clock
        self.dice = dice
        self.verdict = verdict
    }

    /// Ends all trouble.
    func clear() {
        state.withLock { $0 = State(outages: [], isCalm: true) }
    }

    /// - Returns: Whether the side can be reached from now on.
    func toggleOutage(of side: Side) -> Bool {
        state.withLock { state in
            if state.outages.remove(side) != nil { return true }
            state.outages.insert(side)
            return false
        }
    }

    func passage(to side: Side, of generation: Generation) -> Passage {
        Passage { [self] call, moment in try await travel(call, moment, to: side, of: generation) }
    }

    private func travel(
        _ call: StoreCall,
        _ moment: Passage.Moment,
        to side: Side,
        of generation: Generation
    ) async throws {
        let roll = dice.below(100)
        if roll < scenario.slowness {
            await clock.wait(for: .milliseconds(1 + dice.below(400)))
        } else if roll < 50 {
            await executor.yield()
            if roll > 40 { await executor.yield() }
        }
        guard generation.isAlive else { throw Generation.Death() }
        verdict.note("\(generation.number) \(moment == .going ? ">" : "<") \(call.rawValue)")
        let (isOut, isCalm) = state.withLock { ($0.outages.contains(side), $0.isCalm) }
        if isCalm { return }
        let isUnlucky = scenario.mishaps.contains(.flakiness) && side != .ledger && dice.chance(2)
        guard isOut || isUnlucky else { return }
        verdict.count("fault")
        verdict.note("\(generation.number): \(call.rawValue) fails \(moment)")
        if call == .commit, moment == .returning || dice.chance(30) {
            throw StoreError(.outcomeUnknown, "the connection was lost during a commit")
        }
        throw StoreError(isOut || dice.chance(50) ? .unreachable : .busy, "the \(side.rawValue) does not answer")
    }
}
