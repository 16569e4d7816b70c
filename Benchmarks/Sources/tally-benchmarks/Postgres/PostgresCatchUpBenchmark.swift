/// Applying changes that were logged while nobody read, against the server's own subscription with the same backlog.
///
/// The time of both begins when their slot is being read, and ends when the last change is seen in the copy.
struct PostgresCatchUpBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        return try PostgresItems.Work.allCases.flatMap { work in
            let count = work.count(bench.options.rows)
            var race = Race(count: count)
            var processor: [Double] = []
            try bench.eachRun { run in
                processor.append(try measure(work, count, pair, &race) / Double(count) * 1e6)
                bench.say("  \(work.name), run \(run): \(race.last)")
            }
            let title = "PostgreSQL: catch-up, \(Figures.count(count)) \(work.name)"
            return [
                Finding(title, against: "the server's own subscription", race: race, aim: work.aim),
                // The best figure of a Debezium engine that hands its changes to nobody, on a machine of this size.
                Finding(
                    "\(title), of 46k/s by Debezium’s engine alone",
                    values: Spread(race.tallyRates.all.map { $0 / 46_000 }),
                    unit: "times",
                    aim: .atLeast(2)
                ),
                Finding(
                    "\(title), Tally’s own processor time",
                    values: Spread(processor),
                    unit: "s per million changes",
                    aim: nil
                ),
            ]
        }
    }

    /// - Returns: Tally's processor time, in seconds.
    private func measure(
        _ work: PostgresItems.Work,
        _ count: Int,
        _ pair: PostgresPair,
        _ race: inout Race
    ) throws -> Double {
        try pair.withDatabases(rows: work.rowsBefore(count)) { databases in
            try databases.runTally("PostgreSQL: initial load")
            try databases.subscribe()
            for table in ["items", "marker"] { try databases.copy(table) }
            try databases.target.psql("VACUUM ANALYZE items", databases.name)
            try databases.target.psql("VACUUM ANALYZE items", databases.peer)
            try databases.source.psql(work.script(count), databases.name)
            try databases.target.psql("CHECKPOINT", databases.peer)
            let isDone = "SELECT n = \(count) FROM marker"
            try databases.enableSubscription()
            let peer = try pair.bench.time { try databases.target.wait(for: isDone, databases.peer) }
            try databases.unsubscribe()
            try databases.check(databases.peer)
            try databases.target.psql("CHECKPOINT", databases.name)
            let tally = try databases.timeTally("PostgreSQL: catch-up", until: isDone)
            try databases.check(databases.name)
            try databases.removeTally()
            race.add(tally: tally.time, peer: peer)
            return tally.processor
        }
    }
}
