/// Applying changes that were captured while Tally was stopped, against plain inserts of as many rows into one file.
///
/// The peer is the same for all kinds of changes: the batched insert rate, opening and closing the file included, as
/// Tally's time is that of a whole process.
struct CatchUpBenchmark: Benchmark {
    private enum Kind: String, CaseIterable {
        case inserts = "inserts"
        case updates = "updates, spread"
        case mixed = "mixed (70/20/10)"
    }

    func run(_ bench: Bench) throws -> [Finding] {
        try Kind.allCases.map { kind in
            var race = Race(count: bench.options.rows)
            try bench.eachRun { run in
                try measure(kind, bench, &race)
                bench.say("  \(kind.rawValue), run \(run): \(race.last)")
            }
            return Finding(
                "catch-up, \(Figures.count(bench.options.rows)) \(kind.rawValue)",
                against: "plain inserts, 1,000 a transaction",
                race: race,
                aim: 0.5
            )
        }
    }

    private func measure(_ kind: Kind, _ bench: Bench, _ race: inout Race) throws {
        let count = bench.options.rows
        let rowsBefore = kind == .inserts ? 0 : count
        let table = SampleTable(texts: bench.texts)
        try bench.withWorkspace(rows: rowsBefore) { workspace in
            try workspace.runTally("initial load")
            try makeChanges(kind, count, table, in: workspace)
            let peer = try bench.time {
                let database = try Database(path: workspace.plain)
                try database.execute(SampleTable.sql)
                try table.insert(count, into: database, after: 0)
            }
            let tally = try bench.time { try workspace.runTally("catch-up") }
            try workspace.checkCopy(of: table)
            race.add(tally: tally, peer: peer)
        }
    }

    private func makeChanges(_ kind: Kind, _ count: Int, _ table: SampleTable, in workspace: Workspace) throws {
        let database = try Database(path: workspace.source)
        switch kind {
        case .inserts: try table.insert(count, into: database, after: 0)
        case .updates: try table.update(count, in: database, rows: count)
        case .mixed: try table.change(count, in: database, rows: count)
        }
    }
}
