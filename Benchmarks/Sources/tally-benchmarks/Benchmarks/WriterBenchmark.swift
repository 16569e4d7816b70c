/// What capture costs the programs that write the source: their rate with it, against their rate without.
///
/// Tally itself stands still meanwhile, so that nothing but the triggers is measured. The writer is as fast as one can
/// be, in a compiled language, and once more one in Python.
struct WriterBenchmark: Benchmark {
    private enum Kind: String, CaseIterable {
        case inserts
        case updates
        case spread = "updates, spread"
        case pythonInserts = "inserts from Python"
        case pythonUpdates = "updates from Python"

        var needsPython: Bool { self == .pythonInserts || self == .pythonUpdates }
        var isOfNewRows: Bool { self == .inserts || self == .pythonInserts }
    }

    func run(_ bench: Bench) throws -> [Finding] {
        var kinds = Kind.allCases
        if !PythonWriter.isThere {
            bench.say("  there is no python3, so the writer in Python is left out")
            kinds.removeAll(where: \.needsPython)
        }
        return try kinds.map { kind in
            var race = Race(count: bench.options.rows)
            try bench.eachRun { run in
                let without = try measure(kind, bench, isCaptured: false)
                let with = try measure(kind, bench, isCaptured: true)
                race.add(tally: with, peer: without)
                bench.say("  \(kind.rawValue), run \(run): \(race.last)")
            }
            return Finding(
                "the writer's \(kind.rawValue), with capture",
                against: "the same without capture",
                race: race,
                aim: 0.5
            )
        }
    }

    private func measure(_ kind: Kind, _ bench: Bench, isCaptured: Bool) throws -> Double {
        let count = bench.options.rows
        let table = SampleTable(texts: bench.texts)
        var seconds = 0.0
        try bench.withWorkspace(rows: kind.isOfNewRows ? 0 : count) { workspace in
            if isCaptured { try workspace.runTally("initial load") }
            func timed(_ body: (Database) throws -> Void) throws -> Double {
                try bench.time { try body(Database(path: workspace.source)) }
            }
            seconds =
                switch kind {
                case .inserts: try timed { try table.insert(count, into: $0, after: 0) }
                case .updates: try timed { try table.update(count, in: $0) }
                case .spread: try timed { try table.updateSpread(count, in: $0) }
                case .pythonInserts: try PythonWriter.run(.insert, count, in: workspace)
                case .pythonUpdates: try PythonWriter.run(.update, count, in: workspace)
                }
        }
        return seconds
    }
}
