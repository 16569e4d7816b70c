import TallyModel
import TallyPostgres
import Testing

@Suite("Random transactions captured by triggers", .timeLimit(.minutes(15)))
struct CaptureFuzzTests {
    @Test(
        "a copy made of what the stream brings is equal to the source, over restarts",
        arguments: [1, 2, 3] as [UInt64]
    )
    func copies(seed: UInt64) async throws {
        let script = """
            CREATE TABLE a (id int PRIMARY KEY, v text, n int); CREATE TABLE b (x int, y text, v numeric, PRIMARY KEY (y, x));
            """
        try await CaptureBench.run(script) { bench in
            var numbers = SeededNumbers(seed: seed)
            var session = try await bench.open(sliceLimit: .kibibytes(4))
            let writers = try (0..<4).map { _ in try bench.writer() }
            for writer in writers { try writer.execute("SET lock_timeout = '10ms'") }
            var checkpoint: Checkpoint?
            for round in 0..<400 {
                let writer = writers[Int.random(in: 0..<4, using: &numbers)]
                let statement = Self.statement(&numbers)
                do {
                    // One that stays open would keep everybody out who compares.
                    let isAlone = statement.hasPrefix("TRUNCATE")
                    if isAlone, writer.isInTransaction { try writer.execute("COMMIT") }
                    if !isAlone, !writer.isInTransaction, Bool.random(using: &numbers) { try writer.execute("BEGIN") }
                    try writer.execute(statement)
                    if writer.isInTransaction, Int.random(in: 0..<4, using: &numbers) == 0 {
                        try writer.execute(Int.random(in: 0..<5, using: &numbers) == 0 ? "ROLLBACK" : "COMMIT")
                    }
                } catch is StoreError {
                    // Two writers wanted one row, or a key was taken.
                    if writer.isInTransaction { try writer.execute("ROLLBACK") }
                }
                guard round % 40 == 39 else { continue }
                let brought = try await bench.follow(session)
                try await session.acknowledge(brought.end)
                checkpoint = Checkpoint(sourceID: await session.sourceID, position: brought.end)
                try await bench.expectSame(Self.query)
                guard Bool.random(using: &numbers) else { continue }
                await session.close()
                session = try await bench.open(from: checkpoint, sliceLimit: .kibibytes(4))
            }
            for writer in writers where writer.isInTransaction { try writer.execute("COMMIT") }
            try await bench.follow(session)
            try await bench.expectSame(Self.query)
            await session.close()
        }
    }

    private static let query = "SELECT * FROM a ORDER BY id; SELECT * FROM b ORDER BY y, x"

    private static func statement(_ numbers: inout SeededNumbers) -> String {
        let (id, n) = (Int.random(in: 0..<50, using: &numbers), Int.random(in: 0..<1000, using: &numbers))
        return switch Int.random(in: 0..<10, using: &numbers) {
        case 0, 1: "INSERT INTO a VALUES (\(id), 'v\(n)', \(n)) ON CONFLICT (id) DO UPDATE SET v = excluded.v"
        case 2: "INSERT INTO a SELECT g, 'many', \(n) FROM generate_series(\(id), \(id + 9)) g ON CONFLICT DO NOTHING"
        case 3: "UPDATE a SET n = n + 1, v = v || 'x' WHERE id % 7 = \(id % 7)"
        case 4: "UPDATE a SET id = id + 50 WHERE id = \(id)"
        case 5: "DELETE FROM a WHERE id IN (\(id), \(id + 50))"
        case 6, 7: "INSERT INTO b VALUES (\(id % 5), 'k\(n % 6)', \(n).50) ON CONFLICT (y, x) DO UPDATE SET v = b.v + 1"
        case 8: "UPDATE b SET y = y || '''', v = NULL WHERE x = \(id % 5) AND y = 'k\(n % 6)'"
        default: id == 0 ? "TRUNCATE b" : "DELETE FROM b WHERE x = \(id % 5)"
        }
    }
}
