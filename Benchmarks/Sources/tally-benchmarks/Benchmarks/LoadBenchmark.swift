/// The first load of a table, against the shortest way to copy one: `ATTACH` and a single `INSERT … SELECT`.
///
/// Both are timed as whole processes. Neither target is more durable than the other: WAL and `synchronous = NORMAL`.
struct LoadBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let rows = bench.options.rows
        let table = SampleTable(texts: bench.texts)
        var race = Race(count: rows)
        try bench.eachRun { run in
            try bench.withWorkspace(rows: rows) { workspace in
                try Database(path: workspace.plain).execute(SampleTable.sql)
                let peer = try bench.time {
                    try workspace.runShell(
                        "PRAGMA synchronous = NORMAL; ATTACH 'source.db' AS source; "
                            + "INSERT INTO main.items SELECT * FROM source.items;"
                    )
                }
                let tally = try bench.time { try workspace.runTally("initial load") }
                try workspace.checkCopy(of: table)
                race.add(tally: tally, peer: peer)
                bench.say("  run \(run): \(race.last)")
            }
        }
        return [
            Finding(
                "initial load, \(Figures.count(rows)) rows of 200 bytes",
                against: "`sqlite3`: `ATTACH`, one `INSERT … SELECT`",
                race: race,
                aim: 0.5
            )
        ]
    }
}
