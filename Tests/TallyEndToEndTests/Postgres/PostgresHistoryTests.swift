import Foundation
import PrivatePostgres
import TallyEngine
import TallyHarness
import Testing

/// Logs that grow, that are removed, and that another server goes on with.
@Suite(.timeLimit(.minutes(15)))
struct PostgresHistoryTests {
    private static let counters = """
        CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
        INSERT INTO counter SELECT n, 0 FROM generate_series(1, 1000) AS n;
        """
    /// Some 30 MB of log.
    private static let fillLog = """
        CREATE TABLE IF NOT EXISTS filler (t text);
        ALTER TABLE filler ALTER COLUMN t SET STORAGE EXTERNAL;
        INSERT INTO filler SELECT repeat(md5(n::text), 100) FROM generate_series(1, 8000) AS n;
        """

    @Test
    func aLogThatGrowsBeyondItsBudgetIsToldByStatusAndByCheckUntilItIsShortAgain() async throws {
        let server = try await PostgresServer.start()
        let site = try await PostgresSite(source: server, target: server)
        try site.site.configure(
            stores: [
                "source": .postgres(site.source.url, "backlog: 8MiB"), "target": .postgres(site.target.url),
            ],
            flows: [Site.flow("copy", from: "source", to: "target", "tables: [counter]")]
        )
        try await site.source.psql(Self.counters)
        try await site.site.syncOnce()
        try await site.source.psql(Self.fillLog)
        let check = try await site.site.run("check")
        #expect(check.text.contains("more than the budget of 8 MiB"), "\(check.text)")

        // A transaction that stays open keeps the log from being removed, though the flow has all of it.
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        let holder = Task { try await site.source.psql("BEGIN; SELECT pg_current_xact_id(); SELECT pg_sleep(3600)") }
        try await eventually("a transaction is open") {
            try await site.source.psql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)'")
                >= "1"
        }
        try await site.source.psql(Self.fillLog)
        try await eventually("the status says so", within: .seconds(60)) {
            try await site.site.status().first?.notice?.contains("the budget of 8 MiB") == true
        }
        #expect(try await site.site.run("status").output.contains("  notice        the server keeps"))
        #expect(try await site.site.status().first?.phase == .live)

        try await site.source.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(3600)' AND pid <> pg_backend_pid()"
        )
        _ = await holder.result
        try await eventually("the notice goes", within: .seconds(120)) {
            try await site.source.psql("CHECKPOINT")
            return try await site.site.status().first?.notice == nil
        }
        try await site.site.stop(child)
        try await PostgresComparison(site.source, site.target).requireAgreement(in: ["counter"])
        await server.remove()
    }

    @Test
    func aLogThatTheServerRemovedIsNamedAndResyncMendsWhatDiffers() async throws {
        var settings = PostgresServer.Settings()
        settings.more = ["max_slot_wal_keep_size": "1MB", "min_wal_size": "32MB", "max_wal_size": "32MB"]
        let server = try await PostgresServer.start(settings)
        let site = try await PostgresSite(source: server, target: server, flow: "tables: [counter]")
        try await site.source.psql(Self.counters)
        try await site.site.syncOnce()
        try await site.source.psql("DELETE FROM counter WHERE id <= 100; UPDATE counter SET n = 1")
        for _ in 0..<4 { try await site.source.psql(Self.fillLog + "; CHECKPOINT") }
        #expect(try await site.source.psql("SELECT wal_status FROM pg_replication_slots") == "lost")

        let answer = try await site.site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("max_slot_wal_keep_size"), "\(answer.text)")
        #expect(try await site.target.psql("SELECT count(*), sum(n) FROM counter") == "1000|0")
        #expect(try await site.site.run("resync", "copy").exitCode == 0)
        try await site.site.syncOnce()
        try await PostgresComparison(site.source, site.target).requireAgreement(in: ["counter"])
        await server.remove()
    }

    /// A primary with the counters, its standby, and a flow from whichever of the two takes writes.
    private static func pair() async throws -> (PostgresServer, PostgresServer, PostgresServer, PostgresSite) {
        let primary = try await PostgresServer.start()
        let (standby, target) = (try await primary.startStandby(), try await PostgresServer.start())
        let site = try await PostgresSite(source: primary, target: target)
        let both = "127.0.0.1:\(primary.port),127.0.0.1:\(standby.port)"
        let address = "postgres://postgres@\(both)/\(site.source.name)?target_session_attrs=read-write"
        try site.site.configure(
            stores: ["source": .postgres(address), "target": .postgres(site.target.url)],
            flows: [Site.flow("copy", from: "source", to: "target")]
        )
        try await site.source.psql(counters)
        return (primary, standby, target, site)
    }

    @Test
    func aStandbyThatTakesOverWithoutTheSlotIsNamedAndResyncGoesOnWithIt() async throws {
        let (primary, standby, target, site) = try await Self.pair()
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)
        try await site.source.psql("UPDATE counter SET n = 1")
        try await site.waitForTarget("SELECT sum(n) FROM counter", "1000")
        try await eventually("the standby has it") {
            try await standby.psql("SELECT sum(n) FROM counter", database: site.source.name) == "1000"
        }

        try await primary.stop(.immediate)
        try await standby.promote()
        try await standby.psql("UPDATE counter SET n = 5 WHERE id <= 10", database: site.source.name)
        // The log since the checkpoint went with the slot: that is said, and nothing is skipped.
        try await eventually("the status says so") {
            try await site.site.status().first?.message?.contains("slot") == true
        }
        #expect(try await site.target.psql("SELECT sum(n) FROM counter") == "1000")

        if child.ended == nil { child.send(SIGTERM) }
        _ = try await child.wait()
        #expect(try await site.site.run("resync", "copy").exitCode == 0)
        try await site.site.syncOnce()
        #expect(try await site.target.psql("SELECT sum(n) FROM counter") == "1040")
        try await standby.psql("UPDATE counter SET n = 6 WHERE id <= 10", database: site.source.name)
        try await site.site.syncOnce()
        #expect(try await site.target.psql("SELECT sum(n) FROM counter") == "1050")
        for server in [standby, primary, target] { await server.remove() }
    }

    @Test
    func aStandbyThatLackedTheLastCommitsIsNamed() async throws {
        let (primary, standby, target, site) = try await Self.pair()
        try await site.site.syncOnce()
        try await eventually("the standby has it") {
            try await standby.psql("SELECT count(*) FROM counter", database: site.source.name) == "1000"
        }
        // What comes now reaches the target and never the standby.
        try await standby.stop(.fast)
        try await site.source.psql("UPDATE counter SET n = 1")
        try await site.site.syncOnce()
        try await primary.stop(.immediate)
        try await standby.start()
        try await standby.promote()

        let answer = try await site.site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("a standby that lacked the latest commits took over"), "\(answer.text)")
        #expect(
            try await site.target.psql("SELECT sum(n) FROM counter") == "1000",
            "nothing is undone behind one's back"
        )
        #expect(try await site.site.run("resync", "copy").exitCode == 0)
        try await site.site.syncOnce()
        #expect(try await site.target.psql("SELECT sum(n) FROM counter") == "0")
        for server in [standby, primary, target] { await server.remove() }
    }
}
