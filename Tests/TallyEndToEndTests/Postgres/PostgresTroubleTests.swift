import PrivatePostgres
import TallyEngine
import TallyHarness
import Testing

/// Servers that restart, refuse, or have forgotten: named, never skipped over.
@Suite(.timeLimit(.minutes(15)))
struct PostgresTroubleTests {
    private static let counters = """
        CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
        INSERT INTO counter SELECT n, 0 FROM generate_series(1, 1000) AS n;
        """

    @Test(arguments: [PostgresServer.StopMode.fast, .immediate])
    func restartsOfSourceAndTargetLeaveTheFlowGoingOnByItself(mode: PostgresServer.StopMode) async throws {
        let (sourceServer, targetServer) = (try await PostgresServer.start(), try await PostgresServer.start())
        let site = try await PostgresSite(source: sourceServer, target: targetServer)
        try await site.source.psql(Self.counters)
        let child = try site.site.start("run")
        try await site.site.waitUntilLive(child)

        try await site.source.psql("UPDATE counter SET n = 1")
        try await sourceServer.restart(mode)
        try await site.source.psql("UPDATE counter SET n = n + 1 WHERE id > 500")
        try await site.waitForTarget("SELECT sum(n) FROM counter", "1500")

        try await targetServer.stop(mode)
        try await site.source.psql("UPDATE counter SET n = n + 1; INSERT INTO counter VALUES (5000, 0)")
        try await eventually("the status says so") {
            let status = try await site.site.status().first
            return status?.phase == .retrying && status?.errorCode == "unreachable"
        }
        #expect(child.ended == nil)
        try await targetServer.start()
        try await site.waitForTarget("SELECT sum(n) FROM counter", "2500")
        try await site.waitForTarget("SELECT count(*) FROM counter", "1001")
        try await site.site.stop(child)
        try await site.requireAgreement()
        await sourceServer.remove()
        await targetServer.remove()
    }

    @Test
    func aWrongPasswordIsSaidWithoutSayingIt() async throws {
        var settings = PostgresServer.Settings()
        settings.password = "right-secret"
        let server = try await PostgresServer.start(settings)
        let site = try await PostgresSite(source: server, target: server)
        try await site.source.psql(Self.counters)
        try site.site.configure(
            stores: [
                "source": .postgres(
                    "postgres://postgres@127.0.0.1:\(server.port)/\(site.source.name)",
                    "password: wrong-secret"
                ),
                "target": .postgres(site.target.url),
            ],
            flows: [Site.flow("copy", from: "source", to: "target")]
        )
        for command in [["check"], ["run", "--once"]] {
            let answer =
                try await command.count == 1
                ? site.site.run(command[0]) : site.site.run(command[0], command[1])
            #expect(answer.exitCode != 0)
            #expect(answer.text.contains("password"), "\(answer.text)")
            #expect(!answer.text.contains("secret"), "\(answer.text)")
        }

        try site.site.folder.write("right-secret\n", to: "password.txt")
        try site.site.configure(
            stores: [
                "source": .postgres(
                    "postgres://postgres@127.0.0.1:\(server.port)/\(site.source.name)",
                    "password: \"${file:password.txt}\""
                ),
                "target": .postgres(site.target.url),
            ],
            flows: [Site.flow("copy", from: "source", to: "target")]
        )
        try await site.site.syncOnce()
        try await site.requireAgreement()
        await server.remove()
    }

    @Test
    func checkNamesTheMissingRightsWithTheSqlThatGrantsThem() async throws {
        let site = try await PostgresSite()
        let role = "reader_\(site.source.name)"
        try await site.source.psql(Self.counters + "CREATE ROLE \(role) LOGIN;")
        let server = site.source.server
        try site.site.configure(
            stores: [
                "source": .postgres(server.url(database: site.source.name, user: role)),
                "target": .postgres(site.target.url),
            ],
            flows: [Site.flow("copy", from: "source", to: "target", "capture: log")]
        )
        let check = try await site.site.run("check")
        #expect(check.exitCode == 1, "\(check.text)")
        let grants = [
            "ALTER ROLE \"\(role)\" REPLICATION", "GRANT CREATE ON DATABASE \"\(site.source.name)\" TO \"\(role)\"",
            "GRANT \"postgres\" TO \"\(role)\"", "GRANT SELECT ON \"public\".\"counter\" TO \"\(role)\"",
        ]
        for grant in grants {
            #expect(check.output.contains("run \(grant)"), "\(check.text)")
            try await site.source.psql(grant)
        }
        let again = try await site.site.run("check")
        #expect(again.exitCode == 0, "\(again.text)")
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aServerWithoutLogicalReplicationIsNamedWithTheSettingThatItLacks() async throws {
        var settings = PostgresServer.Settings()
        settings.more = ["wal_level": "replica"]
        let server = try await PostgresServer.start(settings)
        let site = try await PostgresSite(source: server, target: server, flow: "capture: log")
        try await site.source.psql(Self.counters)
        let check = try await site.site.run("check")
        #expect(check.exitCode == 1)
        #expect(check.output.contains("ALTER SYSTEM SET wal_level"), "\(check.text)")
        #expect(try await site.site.run("run", "--once").exitCode != 0)
        #expect(try await site.target.psql("SELECT to_regclass('counter') IS NULL") == "t")
        await server.remove()
    }

    @Test
    func aTableWithoutAKeyIsLeftOutWithTheSqlThatMendsItAndItsOwnUpdatesGoOn() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.counters + "CREATE TABLE heap (a int); INSERT INTO heap VALUES (1);")
        let check = try await site.site.run("check")
        #expect(check.output.contains("heap"), "\(check.text)")
        #expect(check.output.contains("ALTER TABLE"), "\(check.text)")
        try await site.site.syncOnce()
        try await site.source.psql("UPDATE heap SET a = 2; UPDATE counter SET n = 5")
        try await site.site.syncOnce()
        try await PostgresComparison(site.source, site.target).requireAgreement(in: ["public.counter"])
    }

    @Test
    func aSlotThatIsGoneIsNamedAndTheTargetKeepsWhatItHasUntilItIsResynced() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.counters)
        try await site.site.syncOnce()
        try await site.source.psql(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()"
        )
        try await site.source.psql("DELETE FROM counter WHERE id <= 100; UPDATE counter SET n = 1")

        let answer = try await site.site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("slot"), "\(answer.text)")
        #expect(answer.text.contains("resync"), "the message says what to do: \(answer.text)")
        #expect(try await site.target.psql("SELECT count(*), sum(n) FROM counter") == "1000|0")

        #expect(try await site.site.run("resync", "copy").exitCode == 0)
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }

    @Test
    func aSourceRestoredFromAnOlderBackupIsRefused() async throws {
        let (server, other) = (try await PostgresServer.start(), try await PostgresServer.start())
        let site = try await PostgresSite(source: server, target: other)
        try await site.source.psql(Self.counters)
        try await site.site.syncOnce()
        // Another database of the same name, as a restored dump is: what it holds has another history.
        try await server.psql("ALTER DATABASE \(site.source.name) RENAME TO old; CREATE DATABASE \(site.source.name)")
        try await site.source.psql(Self.counters + "UPDATE counter SET n = 9")
        let answer = try await site.site.run("run", "--once")
        #expect(answer.exitCode == 1)
        #expect(answer.text.contains("resync"), "the message says what to do: \(answer.text)")
        #expect(try await site.target.psql("SELECT sum(n) FROM counter") == "0")
        await server.remove()
        await other.remove()
    }

    @Test
    func aRowThatTheTargetRefusesIsParkedAndTheRestOfItsTransactionArrives() async throws {
        let site = try await PostgresSite()
        try await site.source.psql(Self.counters)
        try await site.site.syncOnce()
        try await site.target.psql("ALTER TABLE counter ADD CONSTRAINT small CHECK (n < 100)")
        try await site.source.psql(
            "BEGIN; UPDATE counter SET n = id WHERE id IN (50, 500); INSERT INTO counter VALUES (2000, 3); COMMIT"
        )
        let answer = try await site.site.run("run", "--once")
        #expect(answer.text.contains("small") || answer.exitCode == 0, "\(answer.text)")
        #expect(
            try await site.target.psql("SELECT id, n FROM counter WHERE id IN (50, 500, 2000) ORDER BY id")
                == "50|50\n500|0\n2000|3"
        )
        let letters = try await site.site.run("dead-letters", "list")
        #expect(letters.output.contains("counter"), "\(letters.text)")
        try await site.target.psql("ALTER TABLE counter DROP CONSTRAINT small")
        let retry = try await site.site.run("dead-letters", "retry", "--all")
        #expect(retry.exitCode == 0, "\(retry.text)")
        try await site.site.syncOnce()
        try await site.requireAgreement()
    }
}
