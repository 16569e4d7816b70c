import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Random statements, compared with SQLite itself", .timeLimit(.minutes(15)))
struct RandomCaptureTests {
    /// Random in every run; the comment of a failure has the seed that brings it back.
    @Test("The stream makes of an old copy exactly the table", arguments: HardTable.all.indices)
    func randomStatements(table: Int) async throws {
        for _ in 0..<6 { try await check(HardTable.all[table], seed: .random(in: 1...UInt64.max)) }
    }

    private func check(_ table: HardTable, seed: UInt64, isolation: isolated (any Actor)? = #isolation) async throws {
        var dice = CaptureDice(seed: seed)
        let file = try SourceFixture(table.schema, journal: dice.one(of: ["wal", "delete"]))
        let writer = try file.connect()
        try writer.execute("PRAGMA synchronous = OFF")
        run(60, on: table, writer, &dice)
        let session = try await file.open()
        var replica = try await Replica(of: session, limit: ByteCount(400))
        for round in 0..<12 {
            try writer.execute("PRAGMA recursive_triggers = \(dice.happens(oneIn: 3) ? "ON" : "OFF")")
            try writer.execute("PRAGMA foreign_keys = \(dice.happens(oneIn: 2) ? "ON" : "OFF")")
            var statements: [String] = []
            for _ in 0..<Int.random(in: 1...6, using: &dice) { statements += run(5, on: table, writer, &dice) }
            try await replica.catchUp(with: session)
            let expected = try file.rows(table.name, key: table.key, columns: table.columns)
            guard replica[table.name] == expected else {
                Issue.record(
                    """
                    table \(table.name), seed \(seed), round \(round): \(replica[table.name]) is not \(expected) after
                    \(statements.joined(separator: ";\n"))
                    """
                )
                break
            }
            try await session.acknowledge(replica.position)
        }
        writer.close()
        await session.close()
    }

    /// Runs statements in a transaction with savepoints, of which some are undone.
    ///
    /// - Returns: Those that succeeded.
    @discardableResult
    private func run(_ count: Int, on table: HardTable, _ writer: Connection, _ dice: inout CaptureDice) -> [String] {
        var done: [String] = []
        func attempt(_ statement: String) {
            do {
                try writer.execute(statement)
                done.append(statement)
            } catch {
                // A random statement may break a constraint; SQLite undoes as much as the statement says.
            }
        }
        attempt("BEGIN")
        for _ in 0..<count {
            let isUndone = dice.happens(oneIn: 8)
            if isUndone { attempt("SAVEPOINT s") }
            attempt(table.statement(&dice))
            if isUndone {
                attempt("ROLLBACK TO s")
                attempt("RELEASE s")
            }
        }
        attempt(dice.happens(oneIn: 10) ? "ROLLBACK" : "COMMIT")
        writer.rollback()
        return done
    }
}
