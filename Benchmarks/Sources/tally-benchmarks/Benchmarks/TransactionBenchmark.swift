/// Memory under one enormous transaction: five times the usual rows, narrow, committed at once while Tally was stopped.
struct TransactionBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let count = bench.options.rows * 5
        let label = "one transaction of \(Figures.count(count)) rows"
        try bench.withWorkspace(rows: 0) { workspace in
            let seconds = try measure(count, label, workspace)
            bench.say("  \(label): \(Figures.rate(Double(count) / seconds))")
        }
        let megabytes = bench.memory.peaks.filter { $0.label == label }.map { Double($0.bytes) / 1_000_000 }
        return [Finding("resident memory, \(label)", values: Spread(megabytes), unit: "MB", aim: .below(100))]
    }

    private func measure(_ count: Int, _ label: String, _ workspace: Workspace) throws -> Double {
        do {
            let database = try Database(path: workspace.source)
            try database.execute("CREATE TABLE narrow(id INTEGER PRIMARY KEY, n INTEGER)")
        }
        try workspace.runTally("initial load")
        do {
            let database = try Database(path: workspace.source)
            let insertion = try database.prepare("INSERT INTO narrow(id, n) VALUES(?, ?)")
            try database.transactions(of: count, count: count) { number in
                insertion.bind(number + 1, at: 1)
                insertion.bind(number &* 40_503, at: 2)
                try insertion.run()
            }
        }
        let seconds = try workspace.bench.time { try workspace.runTally(label) }
        let database = try Database(path: workspace.source)
        try database.execute("ATTACH '\(workspace.copy)' AS copy")
        let equal = try database.integer(
            "SELECT count(*) FROM main.narrow AS a JOIN copy.narrow AS b ON a.id = b.id AND a.n IS b.n"
        )
        guard equal == count else { throw BenchmarkError("\(equal) of \(count) rows arrived") }
        return seconds
    }
}
