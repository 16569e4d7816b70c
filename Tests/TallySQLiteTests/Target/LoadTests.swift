import SQLite
import TallyModel
import TallySQLite
import TallyTesting
import Testing

@Suite("Loading into a SQLite target", .timeLimit(.minutes(15)))
struct LoadTests {
    @Test("Adding writes every row and keeps what else is there")
    func add() async throws {
        let fixture = try TargetFixture(
            target: "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'old'), (9, 'own')"
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let rows = [Row([.integer(1), .text("new")]), Row([.integer(2), .text("b")])]
        #expect(try await session.load(.of(schema, rows), mode: .add) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT group_concat(id || v) FROM t") == "1new,2b,9own")
    }

    @Test("Replacing makes a range of keys equal to the chunk and leaves the others alone")
    func replace() async throws {
        let fixture = try TargetFixture(
            target: """
                CREATE TABLE t(a TEXT, b INTEGER, v, PRIMARY KEY(a, b));
                INSERT INTO t VALUES ('a', 1, 1), ('a', 2, 2), ('b', 1, 3), ('b', 2, 4), ('c', 1, 5);
                """
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let range = KeyRange(lower: Row([.text("a"), .integer(1)]), upper: Row([.text("b"), .integer(2)]))
        let rows = [
            Row([.text("a"), .integer(3), .integer(30)]), Row([.text("b"), .integer(1), .real(3)]),
        ]
        #expect(
            try await session.load(.of(schema, rows, range: range, isLast: false), mode: .replace) == ApplyOutcome()
        )
        try await session.commit()
        #expect(
            try fixture.shell("SELECT group_concat(a || b || '=' || v, ' ') FROM (SELECT * FROM t ORDER BY a, b)")
                == "a1=1 a3=30 b1=3.0 c1=5"
        )
        #expect(try await session.load(.of(schema, []), mode: .replace) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT count(*) FROM t") == "0")
    }

    @Test("Rows that the source holds side by side do not push each other out of a target that is stricter")
    func stricterTarget() async throws {
        for mode in [LoadMode.add, .replace] {
            let fixture = try TargetFixture(
                target: "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (3, 'old')"
            )
            let schema = try fixture.schema("t", on: fixture.path)
            _ = try fixture.shell("CREATE UNIQUE INDEX stricter ON t(v)")
            let session = try await fixture.open()
            let rows = [
                Row([.integer(1), .text("a")]), Row([.integer(2), .text("a")]), Row([.integer(3), .text("c")]),
            ]
            let outcome = try await session.load(.of(schema, rows), mode: mode)
            #expect(outcome.rejections.map(\.index) == [1])
            try await session.commit()
            await session.close()
            #expect(try fixture.shell("SELECT group_concat(id || v) FROM t") == "1a,3c")
        }
    }

    @Test("Rows that are the same already are not written again")
    func untouched() async throws {
        let fixture = try TargetFixture(
            target: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, s TEXT COLLATE NOCASE, v);
                INSERT INTO t VALUES (1, 'a', NULL), (2, 'b', 1), (3, 'c', 2.0), (4, 'd', x'00');
                """
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let rows = [
            Row([.integer(1), .text("a"), .null]), Row([.integer(2), .text("B"), .integer(1)]),
            Row([.integer(3), .text("c"), .integer(2)]), Row([.integer(4), .text("d"), .bytes([0])]),
        ]
        _ = try await session.load(.of(schema, rows), mode: .replace)
        try await session.commit()
        await session.close()
        #expect(try fixture.rows(schema) == rows.map { $0.values.map { $0! } })
    }

    @Test("A sweep deletes the rows whose keys are gone and writes nothing")
    func sweep() async throws {
        let fixture = try TargetFixture(
            target: "CREATE TABLE t(id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let keys = [Row([.integer(1), nil]), Row([.integer(4), nil])]
        #expect(
            try await session.load(.of(schema, keys, range: KeyRange(upper: Row([.integer(2)]))), mode: .sweep)
                == ApplyOutcome()
        )
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT group_concat(id || v) FROM t") == "1a,3c")
    }

    @Test("Rows in the way of a second unique constraint give way; what breaks another is rejected alone")
    func unique() async throws {
        let fixture = try TargetFixture(
            target: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE, n NOT NULL);
                INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2), (3, 'z', 3);
                """
        )
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let rows = [
            Row([.integer(1), .text("y"), .integer(1)]), Row([.integer(2), .text("x"), .integer(2)]),
            Row([.integer(3), .text("z"), .null]), Row([.null, .text("n"), .integer(0)]),
        ]
        let outcome = try await session.load(.of(schema, rows), mode: .replace)
        #expect(outcome.rejections.map(\.index) == [2, 3])
        let added = try await session.load(.of(schema, [Row([.integer(9), .text("z"), .integer(9)])]), mode: .add)
        #expect(added.rejections == [])
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT group_concat(id || u || n) FROM t") == "1y1,2x2,9z9")
    }

    @Test("The order of keys is the source's, even where the target's own is another")
    func foreignOrder() async throws {
        let fixture = try TargetFixture(
            source: "CREATE TABLE t(k TEXT COLLATE NOCASE PRIMARY KEY, v)",
            target: "CREATE TABLE t(k TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('a', 1), ('B', 2), ('c', 3), ('D', 4)"
        )
        let schema = try fixture.schema("t")
        let session = try await fixture.open()
        let range = KeyRange(lower: Row([.text("a")]), upper: Row([.text("c")]))
        _ = try await session.load(.of(schema, [Row([.text("C"), .integer(30)])], range: range), mode: .replace)
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT group_concat(k || v) FROM (SELECT * FROM t ORDER BY k)") == "C30,D4,a1")
    }

    @Test("Chunk by chunk, replacing makes any table equal to the source", arguments: 0..<12)
    func random(seed: Int) async throws {
        var random = SplitMix64(seed: UInt64(seed))
        let keys = ["a TEXT COLLATE NOCASE, b", "a, b INTEGER", "a BLOB, b TEXT COLLATE RTRIM"]
        let options = seed % 2 == 0 ? "" : " WITHOUT ROWID"
        let table = "CREATE TABLE t(\(keys[seed % keys.count]), u UNIQUE, v, PRIMARY KEY(a, b))\(options);"
        func content() -> String {
            (0..<60).map { _ in
                let key = ["'a'", "'A'", "'b '", "'b'", "1", "2.5", "x'00'", "'c'"]
                let (a, b) = (key.randomElement(using: &random)!, key.randomElement(using: &random)!)
                let (u, v) = (Int.random(in: 0..<200, using: &random), Int.random(in: 0..<3, using: &random))
                return "INSERT OR IGNORE INTO t VALUES (\(a), \(b), \(u), \(v));"
            }.joined(separator: "\n")
        }
        let fixture = try TargetFixture(source: table + content(), target: table + content())
        let schema = try fixture.schema("t")
        let rows = try fixture.rows(schema, on: fixture.source).map { Row($0) }
        let session = try await fixture.open()
        var lower: Row?
        var rest = rows[...]
        repeat {
            let part = rest.prefix(Int.random(in: 1...9, using: &random))
            rest = rest.dropFirst(part.count)
            let upper = rest.isEmpty ? nil : part.last?.picking(schema.key)
            let chunk = Chunk.of(schema, Array(part), range: KeyRange(lower: lower, upper: upper), isLast: rest.isEmpty)
            #expect(try await session.load(chunk, mode: .replace).rejections == [], "seed \(seed)")
            lower = upper
        } while !rest.isEmpty
        // What gave way to a row of a later chunk is what a second pass brings back, as the stream does.
        _ = try await session.load(.of(schema, rows), mode: .replace)
        try await session.commit()
        await session.close()
        let query = "SELECT typeof(a), quote(a), typeof(b), quote(b), quote(u), quote(v) FROM t ORDER BY a, b"
        #expect(try fixture.shell(query) == fixture.shell(query, on: fixture.source), "seed \(seed)")
    }
}
