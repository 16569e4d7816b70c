import SQLite
import TallyModel
import TallySQLite
import TallyTesting
import Testing

@Suite("Random changes of structure among random writes", .timeLimit(.minutes(15)))
struct RandomStructureTests {
    /// Random in every run; a failure names its seed, and `TALLY_SEED` replays it.
    @Test("The stream makes of an old copy exactly the tables, also when it is replayed from any checkpoint")
    func randomStructure() async throws {
        let first = SplitMix64.newSeed()
        for seed in first..<first + 100 { try await check(seed: seed) }
    }

    private func check(seed: UInt64, isolation: isolated (any Actor)? = #isolation) async throws {
        var dice = CaptureDice(seed: seed)
        let file = try SourceFixture(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b UNIQUE); CREATE TABLE other(k PRIMARY KEY);"
        )
        let writer = try file.connect()
        try writer.execute("PRAGMA synchronous = OFF")
        var session = try await file.open()
        var replica = try await Replica(of: session)
        var older = replica
        var world = ChangingTable()
        for round in 0..<16 {
            var written: [String] = []
            for _ in 0..<Int.random(in: 1...5, using: &dice) {
                let statements = world.transaction(&dice)
                written += statements
                run(statements, on: writer)
                world.read(from: writer)
            }
            if dice.happens(oneIn: 4) {
                await session.close()
                if dice.happens(oneIn: 2) { replica = older }
                session = try await file.open(checkpoint: replica.checkpoint)
            }
            try await replica.catchUpAndLoad(with: session)
            world.looked()
            let expected = try file.rows("t", key: ["id"])
            guard replica["t"] == expected else {
                Issue.record(
                    """
                    seed \(seed), round \(round): \(replica["t"]) is not \(expected); \(replica.log), after
                    \(written.joined(separator: ";\n"))
                    """
                )
                break
            }
            if dice.happens(oneIn: 3) {
                older = replica
                try await session.acknowledge(replica.position)
            }
        }
        writer.close()
        await session.close()
    }

    private func run(_ statements: [String], on writer: Connection) {
        for statement in ["BEGIN"] + statements + ["COMMIT"] {
            // A random statement may break a constraint, or alter what an index or trigger of the user's mentions.
            do { try writer.execute(statement) } catch {}
        }
        writer.rollback()
    }
}

/// A table whose structure a test changes at random; every new name is another one.
struct ChangingTable {
    private var columns = ["a", "b"]
    private var count = 0
    private var lookedAt = 0

    /// Tally has looked at the table as it is: what a unique index does that is gone before is not seen
    /// (`docs/sqlite.md`).
    mutating func looked() { lookedAt = count }

    /// Takes up what the statements have really done.
    mutating func read(from connection: Connection) {
        do {
            let rows = try connection.all("SELECT name FROM pragma_table_info('t') WHERE pk = 0")
            columns = rows.compactMap { if case .text(let name)? = $0.first { name } else { nil } }
        } catch {}
    }

    mutating func transaction(_ dice: inout CaptureDice) -> [String] {
        var statements: [String] = []
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
            statements.append(dice.happens(oneIn: 5) ? structure(&dice) : write(&dice))
        }
        return statements
    }

    private func write(_ dice: inout CaptureDice) -> String {
        let id = Int.random(in: 1...6, using: &dice)
        let value = Int.random(in: 1...6, using: &dice)
        let column = columns.isEmpty ? "id" : dice.one(of: columns)
        switch Int.random(in: 0..<6, using: &dice) {
        case 0, 1: return "INSERT OR REPLACE INTO t(id, \(column == "id" ? "oid" : column)) VALUES (\(id), \(value))"
        case 2: return "UPDATE OR REPLACE t SET \(column) = \(value) WHERE id <= \(id)"
        case 3: return "UPDATE OR REPLACE t SET id = \(value) WHERE id = \(id)"
        case 4: return "DELETE FROM t WHERE id = \(id)"
        default: return "INSERT INTO t(id) VALUES (\(id)) ON CONFLICT DO UPDATE SET \(column) = \(value + 10)"
        }
    }

    private mutating func structure(_ dice: inout CaptureDice) -> String {
        count += 1
        guard !columns.isEmpty else { return "ALTER TABLE t ADD COLUMN n\(count)" }
        let column = dice.one(of: columns)
        switch Int.random(in: 0..<9, using: &dice) {
        case 0, 1: return "ALTER TABLE t ADD COLUMN n\(count) DEFAULT NULL"
        case 2: return "ALTER TABLE t DROP COLUMN \(column)"
        case 3: return "ALTER TABLE t RENAME COLUMN \(column) TO r\(count)"
        case 4: return "CREATE UNIQUE INDEX i\(count) ON t(\(column))"
        case 5: return "DROP INDEX IF EXISTS i\(Int.random(in: 0...lookedAt, using: &dice))"
        case 6:
            return """
                CREATE TRIGGER g\(count) AFTER UPDATE ON t WHEN NEW.id = 3 BEGIN
                UPDATE t SET \(column) = 99 WHERE id = 3; END
                """
        case 7: return "DROP TRIGGER IF EXISTS g\(Int.random(in: 1...count, using: &dice))"
        default:
            return """
                CREATE TABLE new(id INTEGER PRIMARY KEY\(columns.reversed().map { ", \($0)" }.joined()));
                INSERT INTO new SELECT id\(columns.reversed().map { ", \($0)" }.joined()) FROM t;
                DROP TABLE t; ALTER TABLE new RENAME TO t
                """
        }
    }
}
