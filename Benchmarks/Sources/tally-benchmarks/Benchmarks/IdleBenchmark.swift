import Foundation

/// What `tally run` costs while nothing happens.
struct IdleBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let seconds = bench.options.seconds
        var shares: [Double] = []
        try bench.eachRun { run in
            try bench.withWorkspace(rows: 1000) { workspace in
                let process = try workspace.startTally()
                try workspace.waitForRow(1000, process)
                // What follows a load (indexes, durability, removal of captured rows) is not idleness.
                Thread.sleep(forTimeInterval: 3)
                let before = try process.processorTime()
                Thread.sleep(forTimeInterval: Double(seconds))
                shares.append((try process.processorTime() - before) / Double(seconds) * 100)
                try process.stop()
                bench.memory.record(process.peakMemory, "idle")
                bench.say("  run \(run): \(Figures.plain(shares[shares.count - 1])) % of a core")
            }
        }
        return [Finding("idle `tally run`, \(seconds) s", values: Spread(shares), unit: "% of a core", aim: .below(1))]
    }
}
