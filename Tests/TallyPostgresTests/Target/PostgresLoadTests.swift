import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

@Suite("Chunks loaded into a PostgreSQL target", .timeLimit(.minutes(15)))
struct PostgresLoadTests {
    private static let table = "CREATE TABLE t (id int PRIMARY KEY, name text, price numeric(8,2))"

    private static func row(_ id: Int, _ name: String = "new", _ price: String = "1.00") -> Row {
        Row([.integer(Int64(id)), .text(name), .decimal(price)])
    }

    /// Rows as another PostgreSQL database copies them out.
    private static func packed(_ rows: [Row], _ table: PostgresTable, _ columns: [PostgresColumn]? = nil) -> Chunk {
        let columns = columns ?? table.columns
        var buffer = CopyBuffer(columns: columns)
        _ = buffer.fill(rows.count) { rows[$0] }
        let bytes = buffer.withBytes { Array($0) }
        var chunk = Chunk.of(table.schema, [])
        chunk.packed = PackedRows(
            form: buffer.format.packedForm,
            layout: PackedLayout(columns).text,
            count: rows.count,
            pieces: [Array(bytes.prefix(50)), Array(bytes.dropFirst(50))]
        ) { rows }
        return chunk
    }

    private func table(_ database: TargetDatabase, _ name: String = "t") throws -> PostgresTable {
        let connection = try PostgresConnection(
            ConnectionOptions(database.server.url(database: database.name)),
            application: "tests"
        )
        return try #require(try PostgresCatalog.table(named: TableName(name), in: connection))
    }

    @Test("add their rows, once or twice, and reject what the table refuses")
    func add() async throws {
        let database = try await TargetDatabase(
            "\(Self.table); INSERT INTO t VALUES (5, 'other', 5), (900, 'stays', 1)"
        )
        let schema = try await database.schema("t")
        let session = try await database.open()
        var rows = (0..<100).map { Self.row($0) }
        rows[40] = Self.row(40, "new", "99999999")
        for _ in 0..<2 {
            let outcome = try await session.load(.of(schema, rows), mode: .add)
            #expect(outcome.rejections.map(\.index) == [40])
            #expect(outcome.mended == 0)
            try await session.commit()
        }
        await session.close()
        let answer = try await database.psql("SELECT count(*), count(*) FILTER (WHERE name = 'new') FROM t")
        #expect(answer == "100|99")
    }

    @Test("go in as they are when packed for such a table, and are taken apart when they are not or stand there")
    func packedRows() async throws {
        let database = try await TargetDatabase(
            "\(Self.table); CREATE TABLE wide (price text, id bigint PRIMARY KEY, name text)"
        )
        let (same, other) = (try table(database), try await database.schema("wide"))
        let session = try await database.open()
        let rows = (0..<500).map { Self.row($0, "x\t\($0)", "2.50") }
        for _ in 0..<2 {
            #expect(try await session.load(Self.packed(rows, same), mode: .add) == ApplyOutcome())
            try await session.commit()
        }
        var chunk = Self.packed(rows, same)
        chunk.schema = same.schema
        chunk.schema.name = other.name
        #expect(try await session.load(chunk, mode: .add) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT count(*), min(name), sum(price) FROM t") == "500|x\t0|1250.00")
        #expect(try await database.psql("SELECT count(*), min(price) FROM wide") == "500|2.50")
        #expect(session.packedForms == ["postgres-binary", "postgres-text"])
    }

    @Test("make their range equal, and leave rows alone that are the same or outside of it")
    func replace() async throws {
        let database = try await TargetDatabase(
            """
            \(Self.table); INSERT INTO t SELECT n, 'new', 1 FROM generate_series(0, 200) n;
            UPDATE t SET name = 'old' WHERE id = 7
            """
        )
        let schema = try await database.schema("t")
        let before = try await database.psql("SELECT id, xmin, ctid FROM t WHERE id BETWEEN 20 AND 30 ORDER BY id")
        let session = try await database.open()
        let rows = (2...100).filter { $0 % 10 != 5 }.map { Self.row($0) } + [Self.row(150)]
        let range = KeyRange(lower: Row([.integer(1)]), upper: Row([.integer(150)]))
        #expect(try await session.load(.of(schema, rows, range: range), mode: .replace) == ApplyOutcome())
        try await session.commit()
        await session.close()
        let ids = try await database.psql(
            "SELECT count(*), min(id), max(id), count(*) FILTER (WHERE id % 10 = 5 AND id < 150) FROM t"
        )
        #expect(ids == "142|0|200|0")
        #expect(try await database.psql("SELECT name FROM t WHERE id = 7") == "new")
        let after = try await database.psql("SELECT id, xmin, ctid FROM t WHERE id BETWEEN 20 AND 30 ORDER BY id")
        #expect(after == before.split(separator: "\n").filter { !$0.hasPrefix("25|") }.joined(separator: "\n"))
    }

    @Test("replace rows under keys of texts in the source's order, and stop where that is another")
    func textKeys() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE t (k text COLLATE "en-x-icu", n int, v text, PRIMARY KEY (k, n));
            INSERT INTO t VALUES ('a', 1, 'old'), ('B', 1, 'old'), ('b', 1, 'goes'), ('c', 2, 'old'),
                ('d', 1, 'outside')
            """
        )
        var schema = try database.definedSchema("t")
        let session = try await database.open()
        let rows = [("a", 1), ("B", 1), ("c", 2)].map { Row([.text($0.0), .integer(Int64($0.1)), .text("new")]) }
        let range = KeyRange(lower: nil, upper: Row([.text("c"), .integer(2)]))
        #expect(try await session.load(.of(schema, rows, range: range), mode: .replace) == ApplyOutcome())
        try await session.commit()
        #expect(try await database.psql("SELECT * FROM t ORDER BY v, k") == "a|1|new\nB|1|new\nc|2|new\nd|1|outside")
        schema.columns[0].collation = "\"C\""
        let error = await #expect(throws: StoreError.self) {
            try await session.load(.of(schema, rows, range: range), mode: .replace)
        }
        #expect(error?.code == .incompatibleSchema)
        await session.rollback()
        schema.columns[0].collation = "\"nobody\""
        let unknown = await #expect(throws: StoreError.self) {
            try await session.load(.of(schema, rows, range: range), mode: .replace)
        }
        #expect(unknown?.code == .incompatibleSchema)
        await session.close()
    }

    @Test("of a SQLite source are ordered by bytes")
    func bytewiseKeys() async throws {
        let database = try await TargetDatabase(
            """
            CREATE TABLE t (k text PRIMARY KEY, v text);
            INSERT INTO t VALUES ('B', 'old'), ('a', 'old'), ('b', 'outside')
            """
        )
        var schema = try await database.schema("t")
        schema.definition = NativeDefinition(kind: "sqlite", table: "")
        schema.columns[0].collation = nil
        let session = try await database.open()
        let rows = [Row([.text("C"), .text("new")]), Row([.text("a"), .text("new")])]
        let range = KeyRange(lower: nil, upper: Row([.text("a")]))
        #expect(try await session.load(.of(schema, rows, range: range), mode: .replace) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t ORDER BY k COLLATE \"C\"") == "C|new\na|new\nb|outside")
    }

    @Test("swept delete what they lack and write nothing")
    func sweep() async throws {
        let database = try await TargetDatabase(
            "\(Self.table); INSERT INTO t SELECT n, 'own', 1 FROM generate_series(1, 20) n"
        )
        let schema = try await database.schema("t")
        let session = try await database.open()
        let rows = (0...10).filter { $0 % 2 == 0 }.map { Row([.integer(Int64($0)), nil, nil]) }
        let range = KeyRange(lower: nil, upper: Row([.integer(10)]))
        #expect(try await session.load(.of(schema, rows, range: range), mode: .sweep) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(
            try await database.psql("SELECT string_agg(id || name, ' ' ORDER BY id) FROM t WHERE id < 13")
                == "2own 4own 6own 8own 10own 11own 12own"
        )
    }

    @Test("replace rows between which unique values have moved")
    func movedUnique() async throws {
        let database = try await TargetDatabase(
            "CREATE TABLE t (id int PRIMARY KEY, seat text UNIQUE); INSERT INTO t VALUES (1, 'a'), (2, 'b'), (9, 'z')"
        )
        let schema = try database.definedSchema("t")
        let session = try await database.open()
        let rows = [(1, "b"), (2, "a"), (3, "z")].map { Row([.integer($0.0), .text($0.1)]) }
        let range = KeyRange(lower: nil, upper: Row([.integer(5)]))
        let outcome = try await session.load(.of(schema, rows, range: range), mode: .replace)
        #expect(outcome == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT * FROM t WHERE id <> 1 ORDER BY id") == "2|a\n3|z")
    }

    @Test("fill a table that was made for them, with its indexes and its sequence afterwards")
    func wholeTable() async throws {
        let source = try await TargetDatabase(
            "CREATE TABLE t (id serial PRIMARY KEY, name text NOT NULL); CREATE INDEX by_name ON t (name)"
        )
        let schema = try source.definedSchema("t")
        let database = try await TargetDatabase()
        let session = try await database.open()
        #expect(try await session.schema(of: schema.name) == nil)
        try await session.create(schema)
        try await session.commit()
        #expect(try await session.isEmpty(schema.name))
        #expect(try await session.permitsFolding(schema.name))
        let rows = (1...60).map { Row([.integer(Int64($0)), .text("n")]) }
        _ = try await session.load(.of(schema, rows), mode: .add)
        _ = try await session.finishLoad(of: schema)
        _ = try await session.finishLoad(of: schema)
        try await session.commit()
        try await session.makeDurable()
        #expect(try await session.isEmpty(schema.name) == false)
        try await session.alter(schema.name, [.rename(from: "name", to: "title")])
        try await session.commit()
        #expect(try await session.schema(of: schema.name)?.columns.map(\.name) == ["id", "title"])
        await session.close()
        #expect(try await database.psql("INSERT INTO t (title) VALUES ('x') RETURNING id") == "61")
        #expect(try await database.psql("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_name'") == "1")
    }
}
