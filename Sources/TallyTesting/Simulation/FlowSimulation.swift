import Logging
import Synchronization
import TallyEngine
import TallyModel

/// One history of a flow between in-memory stores in which everything follows from a seed: what the source's users
/// write, what goes wrong, and which of the tasks that could go on goes on.
///
/// It runs the real ``Flow``. Whatever happens, at every commit of the target each live table has to equal the source
/// at the checkpoint, but for rows with a dead letter; and when the trouble is over everything has to be made good.
package final class FlowSimulation: Sendable {
    /// How a history went.
    package struct Report: Sendable {
        package let seed: UInt64
        package let violations: [String]
        package let trace: [String]
        package let coverage: [String: Int]
        package let steps: Int

        /// What a person needs to look into a failure.
        package var story: String {
            (["seed \(seed): \(violations.first ?? "nothing wrong")"] + trace.suffix(60)).joined(separator: "\n")
        }
    }

    static let flowName = "flow"

    struct State {
        var generations: [Generation] = []
        var flows: [Flow] = []
        var recipes: [TableName: Recipe]
        var errands = 0
        var refusesRows = false
        var wasTakenOver = false
    }

    let scenario: Scenario
    let executor: SeededExecutor
    let clock = VirtualClock()
    let source: InMemorySource
    let target: InMemoryTarget
    let ledger = InMemoryLedger()
    let verdict: Verdict
    let weather: Weather
    let judge: Judge
    let writer: WorldWriter
    let dice: Dice
    let state: Mutex<State>

    private init(seed: UInt64, flaw: Flaw?, keepsTrace: Bool) {
        var seeds = SplitMix64(seed: seed)
        let scenario = Scenario(&seeds, flaw: flaw)
        self.scenario = scenario
        executor = SeededExecutor(seeds.fork())
        source = InMemorySource(quirks: scenario.quirks, seed: seeds.next())
        let uniques = scenario.unique.map { ($0, "u") }
        target = InMemoryTarget(
            uniques: Dictionary(uniqueKeysWithValues: uniques),
            flaw: flaw,
            // What people do to rows between a chunk's commit and the note of it is not to be made up for by the load.
            loadsBeside: scenario.quirks.loadWidth > 1 && !scenario.mishaps.contains(.tampering)
        )
        verdict = Verdict(keepsTrace: keepsTrace)
        dice = Dice(seeds.fork())
        weather = Weather(scenario, executor: executor, clock: clock, dice: Dice(seeds.fork()), verdict: verdict)
        judge = Judge(source: source, ledger: ledger, verdict: verdict)
        writer = WorldWriter(source: source, scenario: scenario, clock: clock)
        state = Mutex(State(recipes: scenario.recipes))
    }

    /// Runs the history of a seed, on this thread.
    package static func run(seed: UInt64, flaw: Flaw? = nil, keepsTrace: Bool = false) -> Report {
        let simulation = FlowSimulation(seed: seed, flaw: flaw, keepsTrace: keepsTrace)
        simulation.verdict.note("\(simulation.scenario)")
        simulation.live()
        simulation.settle()
        simulation.disband()
        return Report(
            seed: seed,
            violations: simulation.verdict.violations + simulation.target.violations,
            trace: simulation.verdict.trace,
            coverage: simulation.verdict.coverage,
            steps: simulation.executor.steps
        )
    }

    var isClean: Bool { verdict.isClean && target.violations.isEmpty }
    var current: (generation: Generation, flow: Flow)? {
        state.withLock { state in
            guard let generation = state.generations.last, let flow = state.flows.last else { return nil }
            return (generation, flow)
        }
    }

    // MARK: Life

    private func live() {
        writer.makeTables()
        for _ in 0..<dice.below(8) { writer.write(dice) }
        target.accept { [self] schema, row in
            guard state.withLock({ $0.refusesRows }), let place = schema.column(named: "a") else { return true }
            if case .integer(let value)? = row[place] { return value % 5 != 3 }
            return true
        }
        target.recognise { [self] runner in
            state.withLock { $0.generations.contains { $0.runner == runner && $0.isAlive && !$0.hasEnded } }
        }
        target.witness { [self] state, flow in
            judge.witness(&state, flow: flow)
            verdict.note("commit \(state.flows[flow]?.checkpoint?.position.description ?? "-")")
        }
        start()
        var left = scenario.length
        while left > 0, isClean {
            if dice.below(scenario.pace) == 0 {
                happen()
                left -= 1
            } else if !executor.runOne(), !clock.advance() {
                happen()
                left -= 1
            }
        }
    }

    /// Starts a process that runs the flow.
    @discardableResult
    func start(endsWhenCaughtUp: Bool = false, takesOver: Bool = false) -> Generation {
        // Whoever was taken over is gone when the next but one comes.
        if !takesOver { for older in state.withLock({ $0.generations }) where older.isLeaving { older.die() } }
        let generation = Generation(number: state.withLock { $0.generations.count })
        let flow = flow(of: generation, endsWhenCaughtUp: endsWhenCaughtUp, takesOver: takesOver)
        verdict.note("start \(generation.number)")
        state.withLock { state in
            state.generations.append(generation)
            state.flows.append(flow)
        }
        generation.began(Task(executorPreference: executor) { generation.ended(await flow.run()) })
        return generation
    }

    private func flow(of generation: Generation, endsWhenCaughtUp: Bool, takesOver: Bool) -> Flow {
        let transforms = state.withLock { $0.recipes.mapValues(\.settings) }
        let settings = FlowSettings(
            name: Self.flowName,
            existing: .replace,
            schemaRules: scenario.rules,
            transforms: transforms,
            memory: ByteCount(scenario.length.isMultiple(of: 2) ? 4096 : 1 << 20)
        )
        return Flow(
            settings,
            source: (source.reached(by: weather.passage(to: .source, of: generation)), "source"),
            target: (target.reached(by: weather.passage(to: .target, of: generation)), "target"),
            ledger: ledger.reached(by: weather.passage(to: .ledger, of: generation)),
            runner: generation.runner,
            options: FlowOptions(
                endsWhenCaughtUp: endsWhenCaughtUp,
                takesOver: takesOver,
                clock: clock,
                now: { [clock] in clock.timestamp },
                draw: { [dice] in dice.fraction() },
                logger: Logger(label: "simulation") { [verdict] _ in
                    verdict.keepsTrace ? TraceLog(verdict: verdict) as any LogHandler : SwiftLogNoOpLogHandler()
                }
            )
        )
    }

    /// Does something in the name of a person, beside all else.
    func errand(_ body: @escaping @Sendable () async throws -> Void) {
        state.withLock { $0.errands += 1 }
        Task(executorPreference: executor) { [self] in
            do { try await body() } catch { verdict.note("refused: \(error)") }
            state.withLock { $0.errands -= 1 }
        }
    }

    /// Lets time pass until something holds.
    ///
    /// - Returns: Whether it came to hold while there was anything left to happen.
    func pass(until holds: () -> Bool) -> Bool {
        for _ in 0..<200_000 {
            if holds() { return true }
            if !executor.runOne(), !clock.advance() { return holds() }
        }
        return false
    }

    /// Ends everything, so that nothing of the history outlives it.
    private func disband() {
        for generation in state.withLock({ $0.generations }) { generation.die() }
        let isOver = pass { state.withLock { $0.errands == 0 && $0.generations.allSatisfy(\.hasEnded) } }
        if !isOver { verdict.condemn("tasks went on after they were cancelled, or a person was never answered") }
        state.withLock { state in
            state.generations = []
            state.flows = []
        }
        target.accept { _, _ in true }
        target.witness { _, _ in }
        target.recognise { _ in false }
    }
}
