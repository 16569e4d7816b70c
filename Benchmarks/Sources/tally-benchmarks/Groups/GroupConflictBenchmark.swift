import Foundation

/// The same rows written in both members of a group while nobody ran, each time to something else: how fast that is
/// brought together, and what is kept of it for people to look at.
struct GroupConflictBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        let share = max(1000, bench.options.rows / 20 / 100 * 100)
        var (rates, counts): ([Double], [Double]) = ([], [])
        try bench.eachRun { run in
            let (seconds, conflicts) = try measure(share, pair)
            rates.append(Double(2 * share) / seconds)
            counts.append(Double(conflicts))
            bench.say("  run \(run): \(Figures.rate(2 * Double(share) / seconds)), \(conflicts) conflicts listed")
        }
        let title = "group: \(Figures.count(2 * share)) conflicting updates of 1,000 keys, half of them on each side"
        return [
            Finding("\(title), converged", values: Spread(rates), unit: "a second", aim: nil),
            Finding("\(title), listed", values: Spread(counts), unit: "conflicts", aim: nil),
        ]
    }

    private func measure(_ share: Int, _ pair: PostgresPair) throws -> (seconds: Double, conflicts: Int) {
        let rows = 1000
        var result = (seconds: 0.0, conflicts: 0)
        try pair.withMembers(rows: rows) { members in
            try members.configure(.group)
            try members.runTally("group: first load")
            try members.us.psql("CREATE TABLE marker (id int, n bigint)", members.name)
            for (side, server) in [members.eu, members.us].enumerated() {
                try server.psql(PostgresItems.Work.hot.script(share, adding: side + 1), members.name)
            }
            try members.settle()
            result.seconds = try members.runTally("group: conflicts")
            try members.check(rows: rows)
            result.conflicts = try listed(members)
            guard result.conflicts > 0 else { throw BenchmarkError("no conflicts are listed") }
            try members.removeTally(.group)
        }
        return result
    }

    /// What is read of the command's answer.
    private struct Listing: Decodable {
        struct Conflict: Decodable {
            let id: Int
        }

        let conflicts: [Conflict]
    }

    /// How many conflicts `tally conflicts list` gives out.
    private func listed(_ members: MemberDatabases) throws -> Int {
        let tally = members.bench.options.tallyPath
        let text = try Shell.run(["env", "-C", members.folder, tally, "conflicts", "list", "--json"])
        let list = try JSONDecoder().decode(Listing.self, from: Data(text.utf8))
        return list.conflicts.count
    }
}
