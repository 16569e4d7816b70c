import TallyHarness
import Testing

/// Several flows of one node.
@Suite(.timeLimit(.minutes(15)))
struct TopologyTests {
    @Test
    func twoFlowsShareATarget() async throws {
        let site = try Site(
            stores: ["north": "north.db", "south": "south.db", "all": "all.db"],
            flows: [
                Site.flow("from-north", from: "north", to: "all"),
                Site.flow("from-south", from: "south", to: "all"),
            ]
        )
        let (north, south) = (SQLiteShell("north.db", in: site.folder), SQLiteShell("south.db", in: site.folder))
        let all = SQLiteShell("all.db", in: site.folder)
        let rows = "SELECT value, 'v' || value FROM generate_series(1, 2000);"
        try await north.run("CREATE TABLE n (id INTEGER PRIMARY KEY, v); INSERT INTO n \(rows)")
        try await south.run("CREATE TABLE s (id INTEGER PRIMARY KEY, v); INSERT INTO s \(rows)")
        let child = try site.start("run")
        try await site.waitUntilLive(child)
        try await north.run("UPDATE n SET v = 'x' WHERE id % 3 = 0;")
        try await south.run("DELETE FROM s WHERE id % 2 = 0;")
        try await eventually("both are there") {
            let there = try await all.run("SELECT (SELECT count(*) FROM n WHERE v = 'x'), (SELECT count(*) FROM s);")
            return there == "666|1000"
        }
        try await site.stop(child)
        try await Comparison(north, all).requireAgreement()
        try await Comparison(south, all).requireAgreement()

        // One flow's removal leaves the other alone.
        #expect(try await site.run("remove", "from-north", "--yes").exitCode == 0)
        #expect(try await north.tallyObjects() == [])
        try await south.run("INSERT INTO s VALUES (9999, 'last');")
        let answer = try await site.run("run", "--once")
        #expect(answer.exitCode == 0 || answer.errors.contains("from-north"))
        try await Comparison(south, all).requireAgreement()
    }

    @Test
    func twoFlowsThatWouldWriteOneTableAreRefused() async throws {
        let site = try Site(
            stores: ["north": "north.db", "south": "south.db", "all": "all.db"],
            flows: [
                Site.flow("from-north", from: "north", to: "all"),
                Site.flow("from-south", from: "south", to: "all"),
            ]
        )
        for name in ["north.db", "south.db"] {
            try await SQLiteShell(name, in: site.folder).run("CREATE TABLE t (id INTEGER PRIMARY KEY, v);")
        }
        let check = try await site.run("check")
        #expect(check.exitCode == 1)
        #expect(check.output.contains("flows from-north and from-south both write table t"))
        let run = try await site.run("run", "--once")
        #expect(run.exitCode == 2)
        #expect(run.errors.contains("flows from-north and from-south both write table t"))
    }

    @Test
    func aChainOfTwoFlowsBringsAChangeFromTheFirstFileToTheLast() async throws {
        let site = try Site(
            stores: ["a": "a.db", "b": "b.db", "c": "c.db"],
            flows: [Site.flow("first", from: "a", to: "b"), Site.flow("second", from: "b", to: "c")]
        )
        let (a, b, c) = (
            SQLiteShell("a.db", in: site.folder), SQLiteShell("b.db", in: site.folder),
            SQLiteShell("c.db", in: site.folder)
        )
        try await a.run(
            """
            CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT UNIQUE, v);
            INSERT INTO t SELECT value, 'e' || value, value FROM generate_series(1, 3000);
            """
        )
        try await b.run("PRAGMA journal_mode = WAL;")
        let child = try site.start("run")
        try await eventually("the load is through") {
            guard try await c.tables() == ["t"] else { return false }
            return try await c.run("SELECT count(*) FROM t;") == "3000"
        }
        try await a.run(
            "INSERT OR REPLACE INTO t VALUES (9001, 'e17', NULL); UPDATE t SET id = id + 100000 WHERE id <= 10;"
        )
        try await a.run("DELETE FROM t WHERE id % 7 = 0; INSERT INTO t VALUES (999999, 'last', x'00');")
        try await eventually("the last change is through") {
            try await c.run("SELECT count(*) FROM t WHERE id = 999999;") == "1"
        }
        try await site.stop(child)
        try await Comparison(a, b).requireAgreement()
        try await Comparison(a, c).requireAgreement()
    }
}
