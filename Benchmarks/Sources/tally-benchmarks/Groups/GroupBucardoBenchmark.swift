/// A group of two PostgreSQL members against Bucardo, which keeps two databases in agreement by triggers, with the same
/// work on the same servers.
///
/// Both begin with nothing running. Tally's time is of a whole `tally run --once`; Bucardo's is from `bucardo start` until the
/// last of the work is in the other member.
struct GroupBucardoBenchmark: Benchmark {
    func run(_ bench: Bench) throws -> [Finding] {
        let pair = try PostgresPair(bench)
        if let reason = try Bucardo.reasonNotToRun(on: pair.source) {
            bench.say("  skipped: \(reason)")
            return []
        }
        return try [PostgresItems.Work.inserts, .spread, .small].map { work in
            let count = work.count(bench.options.rows)
            var race = Race(count: count)
            try bench.eachRun { run in
                let bucardo = try measureBucardo(work, count, pair)
                race.add(tally: try measureTally(work, count, pair), peer: bucardo)
                bench.say("  \(work.name), run \(run): \(race.last)")
            }
            return Finding(
                "group of two PostgreSQL members: catch-up, \(Figures.count(count)) \(work.name), on one side",
                against: "Bucardo",
                race: race,
                aim: 3
            )
        }
    }

    private static let tables = ["items", "marker"]

    private func measureBucardo(_ work: PostgresItems.Work, _ count: Int, _ pair: PostgresPair) throws -> Double {
        var seconds = 0.0
        try pair.withMembers(rows: work.rowsBefore(count)) { members in
            // Its first copy is not what is measured: both begin with the same rows.
            try members.us.psql(PostgresItems.table + PostgresItems.fill(work.rowsBefore(count)), members.name)
            let bucardo = try Bucardo(members, tables: Self.tables)
            try write(work, count, members)
            seconds = try bucardo.catchUp(until: "SELECT n = \(count) FROM marker")
            try check(work, count, members)
            try bucardo.remove()
        }
        return seconds
    }

    private func measureTally(_ work: PostgresItems.Work, _ count: Int, _ pair: PostgresPair) throws -> Double {
        var seconds = 0.0
        try pair.withMembers(rows: work.rowsBefore(count)) { members in
            try members.configure(.group, tables: Self.tables)
            try members.runTally("group: first load")
            try write(work, count, members)
            seconds = try members.runTally("group: catch-up")
            try check(work, count, members)
            try members.removeTally(.group)
        }
        return seconds
    }

    private func write(_ work: PostgresItems.Work, _ count: Int, _ members: MemberDatabases) throws {
        try members.eu.psql(work.script(count), members.name)
        try members.settle()
    }

    /// Throws unless both have the same rows, and all of the work.
    private func check(_ work: PostgresItems.Work, _ count: Int, _ members: MemberDatabases) throws {
        try members.check(rows: members.eu.integer("SELECT count(*) FROM items", members.name))
        guard try members.us.integer("SELECT n FROM marker", members.name) == count else {
            throw BenchmarkError("\(members.name): the last of the work is not in us")
        }
    }
}
