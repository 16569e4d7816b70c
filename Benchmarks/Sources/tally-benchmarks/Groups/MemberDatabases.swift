import Foundation

/// Two databases of one name, each on a server of its own: the members of a group, or what it is measured against on
/// the same servers, a flow from one to the other or Bucardo's sync.
struct MemberDatabases {
    enum Sync: String {
        case flow, group
    }

    let eu: PostgresCluster
    let us: PostgresCluster
    let name: String
    /// Where `tally` runs, with its configuration, its state and `log.txt`.
    let folder: String
    let bench: Bench

    /// Writes the configuration of a sync of these tables; the sync is named as its kind.
    func configure(_ sync: Sync, tables: [String] = ["items"]) throws {
        let list = tables.joined(separator: ", ")
        let entry =
            switch sync {
            case .flow: "flows:\n  - { name: flow, from: eu, to: us, tables: [\(list)] }"
            case .group:
                "groups:\n  - { name: group, members: [eu, us], seed: eu, tables: { "
                    + tables.map { "\($0): {}" }.joined(separator: ", ") + " } }"
            }
        let text = """
            stores:
              eu: { kind: postgres, url: "\(eu.url(name))" }
              us: { kind: postgres, url: "\(us.url(name))" }
            \(entry)

            """
        try text.write(toFile: folder + "/tally.yaml", atomically: true, encoding: .utf8)
    }

    func startTally(_ arguments: String...) throws -> ChildProcess {
        try ChildProcess(bench.options.tallyPath, arguments, in: folder, log: folder + "/log.txt")
    }

    /// Runs `tally run --once` to its end.
    ///
    /// - Returns: How long that took, start to exit, in seconds.
    @discardableResult
    func runTally(_ label: String, of kind: MemoryRecord.Kind = .groups) throws -> Double {
        try bench.time {
            let process = try startTally("run", "--once")
            try process.wait()
            bench.memory.record(process.peakMemory, label, of: kind)
        }
    }

    /// Takes Tally out of both, so that they can be dropped.
    func removeTally(_ sync: Sync) throws {
        try startTally("remove", sync.rawValue, "--yes").wait()
    }

    /// Has both servers know their rows, as autovacuum would by and by, and leaves them nothing to write that is not of what is measured next.
    func settle() throws {
        for server in [eu, us] { try server.psql("VACUUM ANALYZE; CHECKPOINT", name) }
    }

    /// How many rows a member has, and a sum over all of them that its server makes for itself.
    func digest(_ server: PostgresCluster) throws -> String {
        try server.psql("SELECT count(*), sum(hashtextextended(items::text, 0)) FROM items", name)
    }

    /// Throws unless both have the same rows, and as many as that.
    func check(rows: Int) throws {
        let (here, there) = (try digest(eu), try digest(us))
        guard here == there else { throw BenchmarkError("\(name): eu has \(here), us \(there)") }
        guard here.hasPrefix("\(rows)|") else { throw BenchmarkError("\(name): both have \(here), not \(rows) rows") }
    }
}

extension PostgresPair {
    /// One measurement: a database on each server, the first with a table of `rows` rows, the other empty; gone
    /// afterwards. Takes the databases with whatever `body` left in them but replication slots.
    func withMembers(rows: Int, _ body: (MemberDatabases) throws -> Void) throws {
        let run = try nextRun()
        let members = MemberDatabases(eu: source, us: target, name: run.name, folder: run.folder, bench: bench)
        for server in [source, target] { try server.psql("CREATE DATABASE \(run.name)", "postgres") }
        try source.psql(PostgresItems.table + PostgresItems.fill(rows), run.name)
        try body(members)
        for server in [source, target] { try server.psql("DROP DATABASE \(run.name) WITH (FORCE)", "postgres") }
        try FileManager.default.removeItem(atPath: run.folder)
        try checkpoint()
    }
}
