/// What capture costs the programs that write the source: their rate with it, against their rate without.
///
/// Tally itself stands still meanwhile, so that nothing but the triggers is measured.
struct WriterBenchmark: Benchmark {
    private enum Kind: String, CaseIterable {
        case inserts
        case updates
        case spread = "updates, spread"
    }

    func run(_ bench: Bench) throws -> [Finding] {
        try Kind.allCases.map { kind in
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
        try bench.withWorkspace(rows: kind == .inserts ? 0 : count) { workspace in
            if isCaptured { try workspace.runTally("initial load") }
            seconds = try bench.time {
                let database = try Database(path: workspace.source)
                switch kind {
                case .inserts: try table.insert(count, into: database, after: 0)
                case .updates: try table.update(count, in: database)
                case .spread: try table.updateSpread(count, in: database)
                }
            }
        }
        return seconds
    }
}
