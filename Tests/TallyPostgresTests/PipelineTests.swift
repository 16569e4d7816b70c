import Foundation
import TallyModel
import TallyPostgres
import Testing

/// Statements that are sent while the next ones are made.
@Suite("A pipeline", .timeLimit(.minutes(15)))
struct PipelineTests {
    private struct Surprise: Error {}

    private static let insert = "INSERT INTO t VALUES ($1)"

    private func insert(_ number: Int) -> Command { Command(Self.insert, [.integer(number)]) }

    @Test("begins with the first statement while the next is made")
    func beginsAtOnce() async throws {
        let database = try await SchemaDatabase("CREATE TABLE t (id int PRIMARY KEY)")
        let connection = try database.connect()
        let watcher = try database.connect()
        let results = try connection.pipeline {
            try connection.send(Command("SELECT set_config('application_name', 'at work', false)"))
            // What fills libpq's buffer is sent.
            try connection.send(Command("SELECT length($1)", [.text(String(repeating: "x", count: 200_000))]))
            let deadline = ContinuousClock.now + .seconds(60)
            let question = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'at work'"
            while try watcher.execute(question).text(0, 0) == "0" {
                guard ContinuousClock.now < deadline else { throw Surprise() }
            }
            try connection.send(insert(1))
        }
        #expect(results.map { $0.rowCount } == [1, 1, 0])
        #expect(results[1].text(0, 0) == "200000")
        #expect(try await database.psql("SELECT count(*) FROM t") == "1")
    }

    @Test("leaves the connection good for more, whatever stops it")
    func stopped() async throws {
        let database = try await SchemaDatabase("CREATE TABLE t (id int PRIMARY KEY)")
        let connection = try database.connect()
        #expect(throws: Surprise.self) { try connection.pipeline { throw Surprise() } }
        #expect(try connection.pipeline {}.isEmpty)
        #expect(throws: Surprise.self) {
            try connection.pipeline {
                try connection.send(insert(1))
                throw Surprise()
            }
        }
        // The server refuses a statement, and what was prepared after it is not there.
        let error = #expect(throws: StoreError.self) {
            try connection.pipeline {
                try connection.send(insert(1))
                try connection.send(Command("SELECT $1::int + 1", [.integer(1)]))
            }
        }
        #expect(error?.code == .rejected)
        #expect(throws: StoreError.self) {
            try connection.pipeline {
                try connection.send(insert(1))
                throw Surprise()
            }
        }
        let results = try connection.pipeline {
            try connection.send(Command("SELECT $1::int + 1", [.integer(1)]))
            try connection.send(insert(2))
        }
        #expect(results[0].text(0, 0) == "2" && results[1].affectedRows == 1)
        #expect(try await database.psql("SELECT string_agg(id::text, ' ' ORDER BY id) FROM t") == "1 2")
    }
}
