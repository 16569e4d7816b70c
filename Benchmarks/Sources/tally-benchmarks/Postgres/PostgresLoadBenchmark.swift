/// The first load of a table from one PostgreSQL server to another, against the shortest way to copy one by hand, in two
/// streams by key range, and against the initial copy of the server's own logical replication.
struct PostgresLoadBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let rows = bench.options.rows * 5
        let pair = try PostgresPair(bench)
        var processor: [Double] = []
        var (pipes, subscription) = (Race(count: rows), Race(count: rows))
        try bench.eachRun { run in
            try pair.withDatabases(rows: rows) { databases in
                try databases.target.psql(PostgresItems.table, databases.peer)
                let half = rows / 2
                let piped = try bench.time { try databases.copy("items", parts: ["id <= \(half)", "id > \(half)"]) }
                try databases.target.psql("DROP TABLE items, marker; CHECKPOINT", databases.peer)
                let tally = try bench.time {
                    processor.append(try databases.runTally("PostgreSQL: initial load") / Double(rows) * 1e6)
                }
                try databases.check(databases.name)
                try databases.removeTally()
                try databases.target.psql("DROP TABLE items, marker; CHECKPOINT", databases.name)
                let subscribed = try subscribe(databases, bench)
                pipes.add(tally: tally, peer: piped)
                subscription.add(tally: tally, peer: subscribed)
                bench.say("  run \(run): \(pipes.last); subscription: \(subscription.last)")
            }
        }
        let title = "PostgreSQL: initial load, \(Figures.count(rows)) rows of 225 bytes"
        return [
            Finding(title, against: "binary `COPY | COPY` in two streams", race: pipes, aim: 0.9),
            Finding(title, against: "the server's own initial copy", race: subscription, aim: 1.2),
            Finding(
                "\(title), Tally’s own processor time",
                values: Spread(processor),
                unit: "s per million rows",
                aim: nil
            ),
        ]
    }

    private func subscribe(_ databases: PostgresRun, _ bench: Bench) throws -> Double {
        try databases.target.psql(PostgresItems.table, databases.peer)
        try databases.source.psql("CREATE PUBLICATION peer FOR TABLE items", databases.name)
        try databases.source.psql(
            "SELECT pg_create_logical_replication_slot('\(databases.peer)', 'pgoutput')",
            databases.name
        )
        try databases.target.psql(
            """
            CREATE SUBSCRIPTION peer CONNECTION '\(databases.source.url(databases.name))' PUBLICATION peer
            WITH (create_slot = false, slot_name = '\(databases.peer)', enabled = false, copy_data = true)
            """,
            databases.peer
        )
        try databases.enableSubscription()
        // The copy begins when a worker for the table is there: that its state is no longer “i” says so.
        try databases.target.wait(for: "SELECT srsubstate <> 'i' FROM pg_subscription_rel", databases.peer)
        let seconds = try bench.time {
            try databases.target.wait(for: "SELECT srsubstate = 'r' FROM pg_subscription_rel", databases.peer)
        }
        try databases.unsubscribe()
        return seconds
    }
}
