/// Applying changes that were captured while Tally was stopped, against plain inserts of as many rows into one file.
///
/// Tally's time is that of a whole process, and the peer's has the opening and closing of the file in it. Updates all over
/// the table cost anybody a page for each row, so those are compared with the same updates made plainly.
struct CatchUpBenchmark: Benchmark {
    private enum Kind: String, CaseIterable {
        case inserts = "inserts"
        case updates = "updates"
        case spread = "updates, spread"
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
                against: "plain \(kind == .spread ? "updates, spread" : "inserts"), 1,000 a transaction",
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
            try makeChanges(kind, count, table, in: workspace.source)
            if kind == .spread { try workspace.seedPlain(rows: count) }
            let peer = try bench.time {
                if kind == .spread { return try makeChanges(kind, count, table, in: workspace.plain) }
                let database = try Database(path: workspace.plain)
                try database.execute(SampleTable.sql)
                try table.insert(count, into: database, after: 0)
            }
            let tally = try bench.time { try workspace.runTally("catch-up") }
            try workspace.checkCopy(of: table)
            race.add(tally: tally, peer: peer)
        }
    }

    private func makeChanges(_ kind: Kind, _ count: Int, _ table: SampleTable, in path: String) throws {
        let database = try Database(path: path)
        switch kind {
        case .inserts: try table.insert(count, into: database, after: 0)
        case .updates: try table.update(count, in: database)
        case .spread: try table.updateSpread(count, in: database)
        case .mixed: try table.change(count, in: database, rows: count)
        }
    }
}
