import Foundation
import PrivatePostgres
import Programs
import TallyEngine
import TallyHarness
import Testing

/// What a new flow has to wait for at the source's server.
@Suite(.timeLimit(.minutes(10)))
struct PostgresWaitingTests {
    @Test
    func aForgottenPreparedTransactionIsNamedAndStoppingDoesNotWaitForIt() async throws {
        var settings = PostgresServer.Settings()
        settings.more = ["max_prepared_transactions": "5"]
        let server = try await PostgresServer.start(settings)
        let site = try await PostgresSite(source: server, target: server)
        try await site.source.psql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        try await site.source.psql("BEGIN; INSERT INTO t VALUES (2); PREPARE TRANSACTION 'forgotten'")
        let child = try site.site.start("run")
        try await eventually("the status names it", each: .milliseconds(100)) {
            let status = try await site.site.status().first
            return status?.phase == .starting && status?.notice?.contains("'forgotten'") == true
        }
        child.send(SIGTERM)
        // The server itself waits for minutes.
        #expect(try await child.wait(within: .seconds(60)) == .exited(0))
        try await eventually("the server has given the slot up") {
            try await site.source.psql("SELECT count(*) FROM pg_replication_slots") == "0"
        }

        let again = try site.site.start("run")
        try await eventually("it waits again", each: .milliseconds(100)) {
            try await site.site.status().first?.notice?.contains("'forgotten'") == true
        }
        try await site.source.psql("COMMIT PREPARED 'forgotten'")
        try await site.site.waitUntilLive(again)
        #expect(try await site.site.status().first?.notice == nil)
        try await site.source.psql("INSERT INTO t VALUES (3)")
        try await site.waitForTarget("SELECT count(*) FROM t", "3")
        try await site.site.stop(again)
        try await site.requireAgreement()
        await server.remove()
    }
}
