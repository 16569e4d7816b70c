import PrivatePostgres
import TallyModel
import TallyPostgres
import Testing

/// A large table gets its key when its rows are in, or as soon as anything else is done with it.
@Suite("The key of a large table that Tally makes", .timeLimit(.minutes(15)))
struct LateKeyTests {
    private static let many = 1_000_000

    private static func rows(_ ids: ClosedRange<Int>, _ name: String = "new") -> [Row] {
        ids.map { Row([.integer(Int64($0)), .text(name)]) }
    }

    /// A database without tables, and the structure of a table that another has.
    private func prepared(
        _ script: String = "CREATE TABLE t (id int CONSTRAINT t_id PRIMARY KEY, name text CHECK (name <> 'bad'))"
    ) async throws -> (database: TargetDatabase, schema: TableSchema) {
        let source = try await TargetDatabase(script)
        return (try await TargetDatabase(), try source.definedSchema("t"))
    }

    private static func made(_ schema: TableSchema, in database: TargetDatabase) async throws -> any TargetSession {
        let session = try await database.open()
        try await session.create(schema, expecting: many)
        try await session.commit()
        #expect(try await keys(database) == "", "indexes right after the table was made")
        // What the engine asks before it loads needs no key.
        #expect(try await session.isEmpty(schema.name))
        #expect(try await session.permitsFolding(schema.name))
        #expect(try await keys(database) == "", "indexes after the table was looked at")
        return session
    }

    private static func keys(_ database: TargetDatabase) async throws -> String {
        try await database.psql(
            "SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 't'::regclass AND indisunique ORDER BY 1"
        )
    }

    private static func waiting(_ database: TargetDatabase) async throws -> String {
        try await database.psql("SELECT table_name FROM tally.late_key")
    }

    @Test("is made when all rows are in, as it is at the source")
    func afterTheLoad() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(.of(schema, Self.rows(1...100)), mode: .add)
        _ = try await session.load(beside: .of(schema, Self.rows(101...200)))
        try await session.commit()
        #expect(try await Self.keys(database) == "")
        #expect(try await Self.waiting(database) == "t")
        #expect(try await session.finishLoad(of: schema) == [])
        try await session.commit()
        #expect(try await Self.keys(database) == "t_id")
        #expect(try await Self.waiting(database) == "")
        #expect(try database.definedSchema("t").definition == schema.definition)
        try await session.apply([.update(.integer(7), .text("later")), .delete(.integer(8))], to: schema)
        try await session.commit()
        await session.close()
        let answer = try await database.psql(
            "SELECT count(*), string_agg(id::text, ',') FILTER (WHERE name = 'later') FROM t"
        )
        #expect(answer == "199|7")
    }

    @Test("is made first where a change comes from the stream, and stays when that is rolled back or not")
    func beforeAChange() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(beside: .of(schema, Self.rows(1...100)))
        for _ in 1...2 {
            try await session.apply([.insert(.integer(7), .text("later"))], to: schema, replaying: true)
            await session.rollback()
        }
        #expect(try await Self.keys(database) == "")
        try await session.apply([.insert(.integer(7), .text("later"))], to: schema, replaying: true)
        try await session.commit()
        #expect(try await Self.keys(database) == "t_id")
        // The load goes on, and meets rows that the stream has brought.
        try await session.apply([.insert(.integer(150), .text("earlier"))], to: schema, replaying: true)
        try await session.commit()
        _ = try await session.load(beside: .of(schema, Self.rows(101...200)))
        try await session.commit()
        await session.close()
        let answer = try await database.psql(
            "SELECT count(*), count(DISTINCT id), min(name) FILTER (WHERE id = 7) FROM t"
        )
        #expect(answer == "200|200|later")
    }

    @Test("is made by whoever goes on with the load after a crash, so that no row is there twice")
    func afterACrash() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(beside: .of(schema, Self.rows(1...100)))
        // No note says that the chunk is in.
        try await database.cutConnections()
        await session.close()
        #expect(try await Self.keys(database) == "")

        let latter = try await database.open()
        _ = try await latter.load(beside: .of(schema, Self.rows(101...150)))
        _ = try await latter.load(.of(schema, Self.rows(1...100, "again")), mode: .add)
        try await latter.commit()
        #expect(try await Self.keys(database) == "t_id")
        await latter.close()
        #expect(try await database.psql("SELECT count(*), count(DISTINCT id) FROM t") == "150|150")
        #expect(try await database.psql("SELECT DISTINCT name FROM t WHERE id <= 100") == "again")
    }

    @Test("leaves the last of rows that have come twice")
    func twice() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(beside: .of(schema, Self.rows(1...100, "first")))
        _ = try await session.load(beside: .of(schema, Self.rows(51...100, "second")))
        _ = try await session.load(beside: .of(schema, Self.rows(100...100, "third")))
        _ = try await session.finishLoad(of: schema)
        try await session.commit()
        await session.close()
        let answer = try await database.psql("SELECT name, count(*), min(id) FROM t GROUP BY name ORDER BY min(id)")
        #expect(answer == "first|50|1\nsecond|49|51\nthird|1|100")
        #expect(try await Self.keys(database) == "t_id")
    }

    @Test("is made where the table refuses rows, which are rejected one by one", arguments: [false, true])
    func refusals(beside: Bool) async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(.of(schema, Self.rows(1...60)), mode: .add)
        var rows = Self.rows(61...160)
        rows[40] = Row([.integer(101), .text("bad")])
        let chunk = Chunk.of(schema, rows)
        let outcome =
            beside ? try await session.load(beside: chunk) : try await session.load(chunk, mode: .add)
        #expect(outcome.rejections.map(\.index) == [40])
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT count(*), count(DISTINCT id) FROM t") == "159|159")
        #expect(try await Self.keys(database) == "t_id")
    }

    @Test("is made where a row has none, which is rejected", arguments: [true, false])
    func noKey(isDefined: Bool) async throws {
        var (database, schema) = try await prepared()
        if !isDefined {
            // As SQLite has it, where a column of the primary key may be NULL.
            schema.definition = nil
            schema.columns[0].isNullable = true
        }
        let session = try await Self.made(schema, in: database)
        let rows = Self.rows(1...60) + [Row([.null, .text("lost")])]
        let outcome = try await session.load(beside: .of(schema, rows))
        #expect(outcome.rejections.map(\.index) == [60])
        _ = try await session.finishLoad(of: schema)
        try await session.commit()
        await session.close()
        #expect(try await database.psql("SELECT count(*), count(DISTINCT id) FROM t") == "60|60")
        #expect(try await Self.keys(database).isEmpty == false)
    }

    @Test("is made with the table where another role keeps the list of those that lack theirs")
    func rights() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        await session.close()
        let role = "late_\(database.name)"
        try await database.psql(
            """
            CREATE ROLE \(role) LOGIN; GRANT CREATE ON SCHEMA public TO \(role); GRANT USAGE ON SCHEMA tally TO \(role);
            GRANT ALL ON tally.checkpoint, tally.note, tally.identity TO \(role)
            """
        )
        let options = try ConnectionOptions(database.server.url(database: database.name, user: role))
        let other = try await PostgresTarget(options: options).open(flow: "other", runner: .made(), takeOver: false)
        var second = schema
        second.name = TableName("second")
        #expect(try await other.schema(of: second.name) == nil)
        try await other.create(second, expecting: Self.many)
        try await other.commit()
        await other.close()
        #expect(try await database.psql("SELECT count(*) FROM pg_index WHERE indrelid = 'second'::regclass") == "1")
    }

    @Test("is there for another flow that writes to the table")
    func anotherFlow() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(beside: .of(schema, Self.rows(1...100)))
        let other = try await database.open("other")
        #expect(try await other.schema(of: schema.name)?.keyColumns.map(\.name) == ["id"])
        #expect(try await Self.keys(database) == "t_id")
        _ = try await other.load(.of(schema, Self.rows(150...160, "other")), mode: .add)
        try await other.commit()
        // The first goes on as if it had no key yet.
        _ = try await session.load(beside: .of(schema, Self.rows(101...200)))
        _ = try await session.load(.of(schema, Self.rows(201...300)), mode: .add)
        _ = try await session.finishLoad(of: schema)
        try await session.commit()
        await session.close()
        await other.close()
        #expect(try await database.psql("SELECT count(*), count(DISTINCT id) FROM t") == "300|300")
    }

    @Test("is made when the flow is removed, and nothing of Tally stays")
    func removal() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        _ = try await session.load(beside: .of(schema, Self.rows(1...100)))
        await session.close()
        #expect(try await database.target.inspect([schema], create: true).filter { $0.severity == .error } == [])
        try await database.target.remove(flow: "flow")
        #expect(try await Self.keys(database) == "t_id")
        #expect(try await database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'tally'") == "0")
    }

    @Test("is not waited for where the user has dropped the table, or made the key")
    func users() async throws {
        let (database, schema) = try await prepared()
        let session = try await Self.made(schema, in: database)
        try await database.psql("DROP TABLE t")
        #expect(try await session.schema(of: schema.name) == nil)
        try await session.create(schema, expecting: Self.many)
        try await session.commit()
        try await database.psql("ALTER TABLE t ADD CONSTRAINT own PRIMARY KEY (id)")
        _ = try await session.load(beside: .of(schema, Self.rows(1...100)))
        _ = try await session.finishLoad(of: schema)
        try await session.commit()
        await session.close()
        #expect(try await Self.keys(database) == "own")
        #expect(try await Self.waiting(database) == "")
    }

    @Test(
        "is made with the table where that is small, or others follow the database's changes",
        arguments: [("", 1000), ("CREATE PUBLICATION all_of_it FOR ALL TABLES", many)]
    )
    func atOnce(script: String, rows: Int) async throws {
        let (database, schema) = try await prepared()
        if !script.isEmpty { try await database.psql(script) }
        let session = try await database.open()
        try await session.create(schema, expecting: rows)
        try await session.commit()
        await session.close()
        #expect(try await Self.keys(database) == "t_id")
    }

    @Test("has the form it has at the source, under the names that the flow gives its columns")
    func form() async throws {
        let (database, original) = try await prepared(
            """
            CREATE TABLE t (a int NOT NULL, "B b" text COLLATE "C" NOT NULL, n int);
            CREATE UNIQUE INDEX first ON t ("B b" DESC, a) INCLUDE (n);
            ALTER TABLE t REPLICA IDENTITY USING INDEX first
            """
        )
        var schema = original
        schema.columns[0].name = "B b"
        schema.columns[1].name = "a"
        let session = try await Self.made(schema, in: database)
        let rows = (1...100).map { Row([.integer(Int64($0)), .text("x"), .null]) }
        _ = try await session.load(beside: .of(schema, rows + [rows[99]]))
        _ = try await session.finishLoad(of: schema)
        try await session.commit()
        await session.close()
        let definition = try await database.psql(
            "SELECT indexdef, indisreplident FROM pg_indexes JOIN pg_index ON indexrelid = indexname::regclass WHERE tablename = 't'"
        )
        #expect(
            definition
                == #"CREATE UNIQUE INDEX first ON public.t USING btree (a DESC, "B b") INCLUDE (n)|t"#
        )
        #expect(try await database.psql(#"SELECT count(*), max("B b"), max(a) FROM t"#) == "100|100|x")
    }
}
