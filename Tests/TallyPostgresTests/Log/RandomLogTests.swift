import TallyModel
import TallyPostgres
import Testing

@Suite("Random transactions in the log", .timeLimit(.minutes(15)))
struct RandomLogTests {
    @Test("a copy built from loads and stream equals the tables, across restarts of the session", arguments: [11, 12])
    func random(seed: UInt64) async throws {
        let script = """
            CREATE TABLE a (id int PRIMARY KEY, n int, body text);
            CREATE TABLE b (k text, id int, v numeric, PRIMARY KEY (k, id));
            INSERT INTO a SELECT i, i, repeat('x', i % 300) FROM generate_series(1, 5000) i;
            INSERT INTO b SELECT chr(97 + i % 26), i, i / 7.0 FROM generate_series(1, 5000) i;
            """
        try await LogDatabase.with(script) { database in
            var numbers = SeededNumbers(seed: seed)
            var session = try await database.open()
            var replica = LogReplica(session)
            let first = Self.script(400, &numbers)
            async let writing: String = database.psql(first)
            for table in ["a", "b"] { try await replica.load(TableName(table), from: session) }
            _ = try await writing
            for _ in 0..<6 {
                try await database.psql(Self.script(250, &numbers))
                if Bool.random(using: &numbers) { try await session.acknowledge(replica.position) }
                if Bool.random(using: &numbers) {
                    await session.close()
                    session = try await database.open(
                        from: Checkpoint(sourceID: session.sourceID, position: replica.position)
                    )
                }
                try await replica.catchUp(session)
                #expect(replica.rows(of: "a") == (try await database.rows(of: "a", orderedBy: "id")))
                #expect(replica.rows(of: "b") == (try await database.rows(of: "b", orderedBy: "k COLLATE \"C\", id")))
            }
            #expect(replica.changes > 50_000)
            await session.close()
        }
    }

    /// Transactions of random statements, some with savepoints, some rolled back.
    private static func script(_ count: Int, _ numbers: inout SeededNumbers) -> String {
        var lines: [String] = []
        for _ in 0..<count {
            lines.append("BEGIN;")
            for _ in 0..<Int.random(in: 1...5, using: &numbers) {
                let isTaken = Int.random(in: 0..<8, using: &numbers) > 0
                if !isTaken { lines.append("SAVEPOINT s;") }
                lines.append(statement(&numbers))
                if !isTaken { lines.append("ROLLBACK TO s;") }
            }
            lines.append(Int.random(in: 0..<12, using: &numbers) == 0 ? "ROLLBACK;" : "COMMIT;")
        }
        return lines.joined(separator: "\n")
    }

    private static func statement(_ numbers: inout SeededNumbers) -> String {
        let low = Int.random(in: 1...8000, using: &numbers)
        let high = low + Int.random(in: 0...60, using: &numbers)
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0...2:
            return "INSERT INTO a SELECT i, \(low), repeat('y', \(low % 4000)) FROM generate_series(\(low), \(high)) i "
                + "ON CONFLICT (id) DO UPDATE SET n = excluded.n;"
        case 3: return "DELETE FROM a WHERE id BETWEEN \(low) AND \(high);"
        case 4:
            return "UPDATE a SET id = id + 100000 WHERE id = \(low) AND NOT EXISTS "
                + "(SELECT FROM a WHERE id = \(low) + 100000);"
        case 5: return "UPDATE a SET n = n + 1 WHERE id BETWEEN \(low) AND \(high);"
        case 6: return "UPDATE b SET v = v * 1.5, id = id WHERE id BETWEEN \(low) AND \(high);"
        case 7:
            return "INSERT INTO b SELECT 'n', i, NULL FROM generate_series(\(low), \(high)) i ON CONFLICT DO NOTHING;"
        case 8: return "DELETE FROM b WHERE id BETWEEN \(low) AND \(high);"
        default:
            return "UPDATE b SET k = 'm' WHERE (k, id) = (SELECT k, id FROM b WHERE id = \(low) ORDER BY k LIMIT 1) "
                + "AND NOT EXISTS (SELECT FROM b WHERE k = 'm' AND id = \(low));"
        }
    }
}
