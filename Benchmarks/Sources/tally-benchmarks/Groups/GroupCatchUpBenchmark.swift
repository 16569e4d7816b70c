/// A group of two PostgreSQL members against a flow between the same servers, with what was written while nobody ran:
/// on one side, and on both sides in rows of their own.
///
/// Every time is of a whole `tally run --once`, start to exit, after one that joined the members.
struct GroupCatchUpBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        return try [PostgresItems.Work.inserts, .spread].flatMap { work in
            let count = max(200, bench.options.rows * 3 / 10 / 200 * 200)
            var (oneSide, bothSides) = (Race(count: count), Race(count: count))
            try bench.eachRun { run in
                let flow = try measure(.flow, work, on: 1, count, pair)
                oneSide.add(tally: try measure(.group, work, on: 1, count, pair), peer: flow)
                bothSides.add(tally: try measure(.group, work, on: 2, count, pair), peer: flow)
                bench.say("  \(work.name), run \(run): \(oneSide.last); on both sides: \(bothSides.last)")
            }
            let half = Figures.count(count / 2)
            return [
                Finding(
                    "group of two PostgreSQL members: catch-up, \(Figures.count(count)) \(work.name), on one side",
                    against: "a flow of Tally's, the same work",
                    race: oneSide,
                    aim: 0.4
                ),
                Finding(
                    "group of two PostgreSQL members: catch-up, \(half) \(work.name), on each side",
                    against: "a flow of Tally's, as many on one side",
                    race: bothSides,
                    aim: 0.35
                ),
            ]
        }
    }

    /// - Parameter sides: 1 where all is written in `eu`, 2 where `us` writes half of it, in other rows.
    /// - Returns: Seconds.
    private func measure(
        _ sync: MemberDatabases.Sync,
        _ work: PostgresItems.Work,
        on sides: Int,
        _ count: Int,
        _ pair: PostgresPair
    ) throws -> Double {
        let (before, share) = (work.rowsBefore(count), count / sides)
        let kind: MemoryRecord.Kind = sync == .flow ? .postgresFlows : .groups
        var seconds = 0.0
        try pair.withMembers(rows: before) { members in
            try members.configure(sync)
            try members.runTally("\(sync): first load", of: kind)
            for (side, server) in [members.eu, members.us].prefix(sides).enumerated() {
                if side > 0 { try server.psql("CREATE TABLE marker (id int, n bigint)", members.name) }
                try server.psql(work.script(share, after: side * share), members.name)
            }
            try members.settle()
            let written = try members.digest(members.eu)
            seconds = try members.runTally("\(sync): catch-up", of: kind)
            try members.check(rows: before == 0 ? count : before)
            guard try sides == 2 || members.digest(members.eu) == written else {
                throw BenchmarkError("\(members.name): rows have changed in the one member that was written")
            }
            try members.removeTally(sync)
        }
        return seconds
    }
}
