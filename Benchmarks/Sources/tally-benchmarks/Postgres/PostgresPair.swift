import Foundation

/// Two servers, one with the source and one with the copies, as two machines would have them.
final class PostgresPair {
    let source: PostgresCluster
    let target: PostgresCluster
    let bench: Bench
    private var runs = 0

    init(_ bench: Bench) throws {
        self.bench = bench
        let port = 20_000 + Int(getpid()) % 10_000
        let folder = "\(bench.folder)/servers-\(UUID().uuidString.prefix(8))"
        source = try PostgresCluster(folder: folder + "/source", port: port)
        target = try PostgresCluster(folder: folder + "/target", port: port + 10_000)
    }

    deinit {
        source.stop()
        target.stop()
    }

    /// One measurement: a database on the source with a table of `rows` rows, and two empty ones on the target, for
    /// Tally and for its peer; all gone afterwards.
    func withDatabases<Result>(rows: Int, _ body: (PostgresRun) throws -> Result) throws -> Result {
        let run = try nextRun()
        try source.psql("CREATE DATABASE \(run.name)", "postgres")
        for name in [run.name, run.peer] { try target.psql("CREATE DATABASE \(name)", "postgres") }
        try source.psql(PostgresItems.table + PostgresItems.fill(rows), run.name)
        try run.configure()
        let result = try body(run)
        try source.psql("DROP DATABASE \(run.name) WITH (FORCE)", "postgres")
        for name in [run.name, run.peer] { try target.psql("DROP DATABASE \(name) WITH (FORCE)", "postgres") }
        try checkpoint()
        return result
    }

    /// A name of its own, and a folder.
    func nextRun() throws -> PostgresRun {
        runs += 1
        let run = PostgresRun(pair: self, name: "run\(runs)", folder: "\(bench.folder)/postgres-\(runs)")
        try FileManager.default.createDirectory(atPath: run.folder, withIntermediateDirectories: true)
        return run
    }

    /// Has both servers write what they have to: what one run left is not the next one's to wait for.
    func checkpoint() throws {
        for server in [source, target] { try server.psql("CHECKPOINT", "postgres") }
    }
}

/// The databases of one measurement.
struct PostgresRun {
    let pair: PostgresPair
    /// On the source, and Tally's on the target.
    let name: String
    let folder: String

    /// The peer's on the target.
    var peer: String { name + "_peer" }

    var source: PostgresCluster { pair.source }
    var target: PostgresCluster { pair.target }

    /// Pipes a table from the source to the peer's database, its parts side by side, as people do by hand.
    func copy(_ table: String, parts conditions: [String] = ["true"]) throws {
        let pipes = conditions.map { condition in
            "psql -X -q -d '\(source.url(name))' -c \"COPY (SELECT * FROM \(table) WHERE \(condition)) TO STDOUT (FORMAT binary)\""
                + " | psql -X -q -d '\(target.url(peer))' -c \"COPY \(table) FROM STDIN (FORMAT binary)\""
        }
        _ = try Shell.run(["bash", "-c", "set -e -o pipefail; " + pipes.joined(separator: " & ") + " & wait"])
    }

    // MARK: The server's own replication

    /// Makes the peer's tables and a subscription that does nothing yet; its slot begins here.
    func subscribe() throws {
        try target.psql(PostgresItems.table, peer)
        try source.psql("CREATE PUBLICATION peer FOR ALL TABLES", name)
        try source.psql("SELECT pg_create_logical_replication_slot('\(peer)', 'pgoutput')", name)
        try target.psql(
            """
            CREATE SUBSCRIPTION peer CONNECTION '\(source.url(name))' PUBLICATION peer
            WITH (create_slot = false, slot_name = '\(peer)', enabled = false, copy_data = false)
            """,
            peer
        )
    }

    /// Sets the subscription going, and returns when its worker has begun to read: the server starts workers some
    /// seconds apart, which is not what is measured.
    func enableSubscription() throws {
        Nanoseconds.sleep(until: Nanoseconds.now + 6_000_000_000)
        try target.psql("ALTER SUBSCRIPTION peer ENABLE", peer)
        try source.wait(for: "SELECT active FROM pg_replication_slots WHERE slot_name = '\(peer)'", name)
    }

    func unsubscribe() throws {
        try target.psql(
            "ALTER SUBSCRIPTION peer DISABLE; ALTER SUBSCRIPTION peer SET (slot_name = NONE); DROP SUBSCRIPTION peer",
            peer
        )
        let isIdle = "NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name LIKE '\(peer)%' AND active)"
        try source.wait(for: isIdle, name)
        try source.psql(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '\(peer)'",
            name
        )
    }

    // MARK: Tally

    func configure(_ flow: String = "copying") throws {
        let text = """
            stores:
              source: { kind: postgres, url: "\(source.url(name))" }
              copy: { kind: postgres, url: "\(target.url(name))" }
            flows:
              - { name: \(flow), from: source, to: copy, tables: ["public.*"] }

            """
        try text.write(toFile: folder + "/tally.yaml", atomically: true, encoding: .utf8)
    }

    func startTally(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(pair.bench.options.tallyPath, arguments, in: folder, log: folder + "/log.txt")
    }

    /// Runs `tally run --once` to its end.
    ///
    /// - Returns: Its processor time, in seconds.
    @discardableResult
    func runTally(_ label: String) throws -> Double {
        let process = try startTally("run", "--once")
        try process.wait()
        pair.bench.memory.record(process.peakMemory, label, of: .postgresFlows)
        return process.spentTime
    }

    /// Runs `tally run --once` to its end.
    ///
    /// - Returns: The time, in seconds, from its reading the slot to `condition` holding in the copy, and its processor time.
    func timeTally(_ label: String, until condition: String) throws -> (time: Double, processor: Double) {
        let process = try startTally("run", "--once")
        let isRead = "active AND database = current_database() AND slot_name LIKE 'tally%'"
        try source.wait(for: "EXISTS (SELECT FROM pg_replication_slots WHERE \(isRead))", name)
        let time = try pair.bench.time { try target.wait(for: condition, name) }
        try process.wait()
        pair.bench.memory.record(process.peakMemory, label, of: .postgresFlows)
        return (time, process.spentTime)
    }

    func removeTally() throws {
        try startTally("remove", "copying", "--yes").wait()
    }

    /// Throws unless a copy holds the same rows, by a digest that each server makes for itself.
    func check(_ copy: String) throws {
        let digest = "SELECT count(*), sum(hashtextextended(items::text, 0)), (SELECT n FROM marker) FROM items"
        let (here, there) = (try source.psql(digest, name), try target.psql(digest, copy))
        guard here == there else { throw BenchmarkError("the source has \(here), \(copy) \(there)") }
    }
}
