import Foundation

/// How long after an INSERT begins in one member of a group its row is committed in the other, with 100 commits a
/// second in each.
///
/// The row carries its author's clock; a deferred trigger, which runs as the transaction commits, stamps that of the
/// other member. Both servers are on one machine.
struct GroupLagBenchmark: Benchmark {
    private static let commitsPerSecond = 100

    /// In milliseconds.
    private struct Lags {
        var p50: [Double] = []
        var p99: [Double] = []
        var most: [Double] = []
    }

    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        var lags = Lags()
        try bench.eachRun { run in
            let figures = try measure(pair)
            lags.p50.append(figures[0])
            lags.p99.append(figures[1])
            lags.most.append(figures[2])
            let texts = figures.map(Figures.plain)
            bench.say("  run \(run): p50 \(texts[0]) ms, p99 \(texts[1]) ms, max \(texts[2]) ms")
        }
        let title = "group: lag at \(Self.commitsPerSecond) commits a second on each side"
        return [
            Finding("\(title), p50", values: Spread(lags.p50), unit: "ms", aim: nil),
            Finding("\(title), p99", values: Spread(lags.p99), unit: "ms", aim: .below(150)),
            Finding("\(title), max", values: Spread(lags.most), unit: "ms", aim: nil),
        ]
    }

    /// p50, p99 and the most, each from the side where it is worse.
    private func measure(_ pair: PostgresPair) throws -> [Double] {
        var worse: [Double] = []
        try pair.withMembers(rows: 1000) { members in
            try members.configure(.group)
            try members.runTally("group: first load")
            try stampArrivals(members)
            let process = try members.startTally("run")
            Nanoseconds.sleep(until: Nanoseconds.now + 3_000_000_000)
            let (before, start) = (try process.processorTime(), Nanoseconds.now)
            try write(members)
            let seconds = Double(Nanoseconds.now - start) / 1e9
            let used = (try process.processorTime() - before) / seconds * 100
            try waitForArrivals(members)
            try process.stop()
            members.bench.memory.record(process.peakMemory, "group: lag", of: .groups)
            members.bench.say("    \(Figures.plain(used)) % of a core")
            let sides = try [members.eu, members.us].map { try lags($0, members.name) }
            worse = zip(sides[0], sides[1]).map { max($0, $1) }
            try members.check(rows: members.eu.integer("SELECT count(*) FROM items", members.name))
            try members.removeTally(.group)
        }
        return worse
    }

    /// Writes rows in both members at once, those of `eu` with the tenant 1, those of `us` with 2.
    private func write(_ members: MemberDatabases) throws {
        let program = try PostgresCluster.program("pgbench")
        let commands = try [members.eu, members.us].enumerated().map { side, server in
            // pgbench keeps its pace by a schedule, so that a slow commit does not put off the ones after it.
            let script = "\(members.folder)/insert-\(side).sql"
            try """
            INSERT INTO items SELECT \(side + 1)000000000 + nextval('tick'), \(side + 1), 'a row that is on its way', 1.25,
                '{"k": 1}', clock_timestamp();
            """.write(toFile: script, atomically: true, encoding: .utf8)
            try server.psql("CREATE SEQUENCE tick", members.name)
            return "\(program) -n -c 1 -R \(Self.commitsPerSecond) -T \(members.bench.options.seconds) -f \(script) "
                + "'\(server.url(members.name))' >/dev/null & writers+=($!)"
        }
        let waiting = "for writer in ${writers[@]}; do wait $writer; done"
        _ = try Shell.run(["bash", "-c", "set -e; \(commands.joined(separator: "; ")); \(waiting)"])
    }

    private func waitForArrivals(_ members: MemberDatabases) throws {
        for (author, other) in [(members.eu, members.us), (members.us, members.eu)] {
            let tenant = author === members.eu ? 1 : 2
            let count = try author.integer("SELECT count(*) FROM items WHERE tenant = \(tenant)", members.name)
            try other.wait(for: "(SELECT count(*) FROM items WHERE tenant = \(tenant)) = \(count)", members.name)
        }
    }

    private func stampArrivals(_ members: MemberDatabases) throws {
        for (server, tenant) in [(members.eu, 2), (members.us, 1)] {
            try server.psql(
                """
                CREATE TABLE arrivals (written timestamptz, lag interval);
                CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO public.arrivals VALUES (NEW.updated_at, clock_timestamp() - NEW.updated_at);
                    RETURN NULL;
                END $$;
                CREATE CONSTRAINT TRIGGER stamp AFTER INSERT ON items DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW WHEN (NEW.tenant = \(tenant)) EXECUTE FUNCTION stamp();
                ALTER TABLE items ENABLE ALWAYS TRIGGER stamp;
                """,
                members.name
            )
        }
    }

    /// The first second is left out.
    private func lags(_ server: PostgresCluster, _ name: String) throws -> [Double] {
        let text = try server.psql(
            """
            SELECT percentile_cont(ARRAY[0.5, 0.99, 1]) WITHIN GROUP (ORDER BY extract(epoch FROM lag) * 1000)
            FROM (SELECT lag FROM arrivals ORDER BY written OFFSET \(Self.commitsPerSecond)) AS later
            """,
            name
        )
        let numbers = text.split { "{},".contains($0) }.compactMap { Double($0) }
        guard numbers.count == 3 else { throw BenchmarkError("no lags but “\(text)”") }
        return numbers
    }
}
