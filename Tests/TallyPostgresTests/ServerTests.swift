import Foundation
import PrivatePostgres
import Testing

@Suite("A private PostgreSQL server", .timeLimit(.minutes(15)))
struct ServerTests {
    @Test("answers psql, keeps what was committed through a crash, and is gone with its folder")
    func life() async throws {
        let server = try await PostgresServer.start()
        try await server.createDatabase("Größe")
        try await server.psql(
            "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'é'), (2, NULL)",
            database: "Größe"
        )
        try await server.restart(.immediate)
        #expect(try await server.psql("SELECT * FROM t ORDER BY a", database: "Größe") == "1|é\n2|")
        #expect(try await server.psql("SHOW wal_level") == "logical")
        let (other, url) = (try await PostgresServer.start(), server.url())
        await server.remove()
        let error = await #expect(throws: PrivatePostgresError.self) {
            try await other.client("psql", ["-X", "-d", url, "-c", "SELECT 1"])
        }
        #expect(error?.description.contains("refused") == true)
        await other.remove()
        #expect(!FileManager.default.fileExists(atPath: server.folder))
    }

    @Test("says what psql said when a statement fails, and runs none after it")
    func failure() async throws {
        let server = try await PostgresServer.start()
        let error = await #expect(throws: PrivatePostgresError.self) {
            try await server.psql("SELECT 1/0; CREATE TABLE late ()")
        }
        #expect(error?.description.contains("division by zero") == true)
        #expect(try await server.psql("SELECT to_regclass('late') IS NULL") == "t")
        await server.remove()
    }

    @Test("asks for the password it was given")
    func password() async throws {
        var settings = PostgresServer.Settings()
        settings.password = "notch"
        let server = try await PostgresServer.start(settings)
        #expect(try await server.psql("SELECT 1") == "1")
        #expect(server.url(database: "shop") == "postgres://postgres:notch@127.0.0.1:\(server.port)/shop")
        await #expect(throws: PrivatePostgresError.self) {
            try await server.client("psql", ["-X", "-d", server.url(password: "split"), "-c", "SELECT 1"])
        }
        await server.remove()
    }

    @Test("runs pgbench")
    func load() async throws {
        let server = try await PostgresServer.start()
        try await server.pgbench(["-i", "-q"])
        try await server.pgbench(["-n", "-t", "10"])
        #expect(try await server.psql("SELECT count(*) FROM pgbench_history") == "10")
        await server.remove()
    }
}
