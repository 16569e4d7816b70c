import Foundation

/// Memory of a group that holds many rows: while an empty member joins a full one, and as both are written afterwards.
struct GroupMemoryBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        let rows = bench.options.groupRows
        let changes = min(rows / 200 * 100, 100_000)
        let labels = ["load", "changes"].map { "group of \(Figures.count(rows)) rows: \($0)" }
        try pair.withMembers(rows: rows) { members in
            try members.configure(.group)
            let load = try members.runTally(labels[0])
            try members.check(rows: rows)
            try members.us.psql("CREATE TABLE marker (id int, n bigint)", members.name)
            for (side, server) in [members.eu, members.us].enumerated() {
                let script = PostgresItems.Work.spread.script(changes, after: side * changes)
                try server.psql(script, members.name)
            }
            try members.settle()
            let catchUp = try members.runTally(labels[1])
            try members.check(rows: rows)
            let ledger = try size(of: members.folder + "/.tally/groups/group.db")
            bench.say(
                "  joined at \(Figures.rate(Double(rows) / load)), then \(Figures.count(changes)) updates on each side at "
                    + "\(Figures.rate(2 * Double(changes) / catchUp)); the ledger has \(ledger / 1_000_000) MB"
            )
            try members.removeTally(.group)
        }
        let megabytes = bench.memory.peaks.filter { labels.contains($0.label) }.map { Double($0.bytes) / 1_000_000 }
        bench.say("  \(zip(labels, megabytes).map { "\($0) \(Figures.plain($1)) MB" }.joined(separator: "; "))")
        return [
            Finding(
                "resident memory, a group of \(Figures.count(rows)) rows",
                values: Spread([megabytes.max() ?? 0]),
                unit: "MB",
                aim: .below(MemoryRecord.Kind.groups.bound)
            )
        ]
    }

    private func size(of path: String) throws -> Int {
        guard let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int else {
            throw BenchmarkError("\(path): no size")
        }
        return size
    }
}
