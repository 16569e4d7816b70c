import Foundation

/// How long after an INSERT begins on the source its row is written on the target, with 200 commits a second, against
/// the server's own subscription.
///
/// The row carries the source's clock; a trigger that fires for replication too stamps the target's. Both servers are on one machine.
struct PostgresLagBenchmark: Benchmark {
    private static let commitsPerSecond = 200

    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        var (p50, p99) = (Ratios(), Ratios())
        try bench.eachRun { run in
            let peer = try measure(pair, bench) { databases, work in
                try databases.subscribe()
                try stampArrivals(databases, databases.peer)
                try databases.enableSubscription()
                try work()
                let last = try databases.source.integer("SELECT max(id) FROM items", databases.name)
                try databases.target.wait(for: "SELECT max(id) = \(last) FROM items", databases.peer)
                defer { try? databases.unsubscribe() }
                return try lags(databases, databases.peer)
            }
            let tally = try measure(pair, bench) { databases, work in
                try databases.runTally("PostgreSQL: initial load")
                try stampArrivals(databases, databases.name)
                let process = try databases.startTally("run")
                Nanoseconds.sleep(until: Nanoseconds.now + 3_000_000_000)
                let (before, start) = (try process.processorTime(), Nanoseconds.now)
                try work()
                let seconds = Double(Nanoseconds.now - start) / 1e9
                let used = (try process.processorTime() - before) / seconds * 100
                let last = try databases.source.integer("SELECT max(id) FROM items", databases.name)
                try databases.target.wait(for: "SELECT max(id) = \(last) FROM items", databases.name)
                try process.stop()
                bench.memory.record(process.peakMemory, "PostgreSQL: lag", of: .postgresFlows)
                bench.say("    \(Figures.plain(used)) % of a core")
                defer { try? databases.removeTally() }
                return try lags(databases, databases.name)
            }
            p50.add(tally.p50, peer.p50)
            p99.add(tally.p99, peer.p99)
            bench.say("  run \(run): p50 \(p50.last), p99 \(p99.last)")
        }
        let title = "PostgreSQL: lag at \(Self.commitsPerSecond) commits a second"
        return [
            Finding("\(title), p50", values: Spread(p50.tally), unit: "ms", aim: nil),
            Finding("\(title), p50, of the subscription's", values: p50.spread, unit: "times", aim: .below(2)),
            Finding("\(title), p99", values: Spread(p99.tally), unit: "ms", aim: nil),
            Finding("\(title), p99, of the subscription's", values: p99.spread, unit: "times", aim: .below(3)),
        ]
    }

    private struct Ratios {
        var tally: [Double] = []
        var peer: [Double] = []

        mutating func add(_ tally: Double, _ peer: Double) {
            self.tally.append(tally)
            self.peer.append(peer)
        }

        var spread: Spread { Spread(zip(tally, peer).map { $0 / $1 }) }
        var last: String { "\(Figures.plain(tally.last ?? 0)) ms, the peer \(Figures.plain(peer.last ?? 0)) ms" }
    }

    private func measure(
        _ pair: PostgresPair,
        _ bench: Bench,
        _ body: (PostgresRun, () throws -> Void) throws -> (p50: Double, p99: Double)
    ) throws -> (p50: Double, p99: Double) {
        var result = (p50: 0.0, p99: 0.0)
        try pair.withDatabases(rows: 1000) { databases in
            result = try body(databases) {
                // pgbench keeps its pace by a schedule, so that a slow commit does not put off the ones after it.
                let script = databases.folder + "/insert.sql"
                try """
                INSERT INTO items SELECT 1000000000 + nextval('tick'), 1, 'a row that is on its way', 1.25,
                    '{"k": 1}', clock_timestamp();
                """.write(toFile: script, atomically: true, encoding: .utf8)
                try databases.source.psql("CREATE SEQUENCE tick", databases.name)
                _ = try Shell.run([
                    try PostgresCluster.program("pgbench"), "-n", "-c", "1", "-R", "\(Self.commitsPerSecond)",
                    "-T", "\(bench.options.seconds)", "-f", script, databases.source.url(databases.name),
                ])
            }
        }
        return result
    }

    private func stampArrivals(_ databases: PostgresRun, _ name: String) throws {
        try databases.target.psql(
            """
            CREATE TABLE arrivals (lag interval);
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO public.arrivals VALUES (clock_timestamp() - NEW.updated_at);
                RETURN NULL;
            END $$;
            CREATE TRIGGER stamp AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION stamp();
            ALTER TABLE items ENABLE ALWAYS TRIGGER stamp;
            """,
            name
        )
    }

    /// In milliseconds. The first second is left out.
    private func lags(_ databases: PostgresRun, _ name: String) throws -> (p50: Double, p99: Double) {
        let text = try databases.target.psql(
            """
            SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM lag) * 1000)
            FROM (SELECT lag FROM arrivals OFFSET \(Self.commitsPerSecond)) AS later
            """,
            name
        )
        let numbers = text.split { "{},".contains($0) }.compactMap { Double($0) }
        guard numbers.count == 2 else { throw BenchmarkError("no lags but “\(text)”") }
        return (numbers[0], numbers[1])
    }
}
