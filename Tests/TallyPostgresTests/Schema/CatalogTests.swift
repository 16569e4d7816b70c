import TallyModel
import TallyPostgres
import Testing

@Suite("The catalog of a PostgreSQL database", .timeLimit(.minutes(15)))
struct CatalogTests {
    @Test func tablesAndColumnsAreReadWithTheirKeys() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE items(b text COLLATE "C" NOT NULL, a int DEFAULT 7, price numeric(12,2), PRIMARY KEY (a, b));
            CREATE SCHEMA shop; CREATE TABLE shop.items(id bigint PRIMARY KEY, total int GENERATED ALWAYS AS (1) STORED);
            """
        )
        let tables = try database.tables()
        #expect(tables.map(\.name) == [TableName("items"), TableName("items", schema: "shop")])
        let items = try #require(tables.first)
        #expect(items.schema.columns.map(\.name) == ["b", "a", "price"])
        #expect(items.schema.columns.map(\.declaredType) == ["text", "integer", "numeric(12,2)"])
        #expect(items.schema.columns.map(\.isNullable) == [false, false, true])
        #expect(items.schema.columns.map(\.collation) == ["\"C\"", nil, nil])
        #expect(items.schema.columns[1].defaultExpression == "7")
        #expect(items.schema.key == [1, 0])
        #expect(items.schema.version > 0)
        #expect(tables[1].schema.columns.map(\.name) == ["id"])
    }

    @Test func whatNoUserMadeAsATableIsLeftOut() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE t(id int PRIMARY KEY); CREATE VIEW v AS SELECT * FROM t;
            CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE SCHEMA tally; CREATE TABLE tally.note(id int PRIMARY KEY);
            CREATE TABLE p(id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
            """
        )
        let connection = try database.connect()
        try connection.execute("CREATE TEMP TABLE passing(id int PRIMARY KEY)")
        let tables = try PostgresCatalog.tables(in: connection)
        #expect(tables.map(\.name.name) == ["p", "t"])
        #expect(tables.map(\.isPartitioned) == [true, false])
    }

    @Test func aSelectionMayNameTheSchemaPublic() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE a(id int PRIMARY KEY); CREATE TABLE b(id int PRIMARY KEY);
            CREATE SCHEMA shop; CREATE TABLE shop.a(id int PRIMARY KEY);
            """
        )
        #expect(try database.tables(["public.*"]).map(\.name.description) == ["a", "b"])
        #expect(try database.tables(["shop.*", "b"]).map(\.name.description) == ["b", "shop.a"])
        #expect(try database.tables(["!b"]).map(\.name.description) == ["a", "shop.a"])
    }

    @Test(arguments: [
        ("id int PRIMARY KEY, v int UNIQUE", "", "id", true),
        ("id int NOT NULL UNIQUE, v int", "", "id", false),
        ("id int NOT NULL UNIQUE, v int", "ALTER TABLE t REPLICA IDENTITY FULL", "id", false),
        (
            "id int PRIMARY KEY, v int NOT NULL",
            "CREATE UNIQUE INDEX i ON t(v); ALTER TABLE t REPLICA IDENTITY USING INDEX i", "v", false
        ),
        ("id int, v int NOT NULL", "CREATE UNIQUE INDEX i ON t(v) INCLUDE (id)", "v", false),
    ])
    func theKeyIsTheBestThatTellsRowsApart(
        columns: String,
        more: String,
        key: String,
        isPrimary: Bool
    ) async throws {
        let database = try await SchemaDatabase("CREATE TABLE t(\(columns)); \(more)")
        let table = try #require(try database.table("t"))
        #expect(table.schema.keyColumns.map(\.name) == [key])
        #expect(table.keyIndex.isPrimary == isPrimary)
    }

    @Test(arguments: [
        "id int, v int", "id int UNIQUE", "id int NOT NULL UNIQUE DEFERRABLE", "id int PRIMARY KEY DEFERRABLE",
    ])
    func aTableWithoutAKeyIsLeftOutWithTheRemedy(columns: String) async throws {
        let database = try await SchemaDatabase(
            "CREATE TABLE t(\(columns)); CREATE UNIQUE INDEX ON t(id) WHERE id > 0; CREATE UNIQUE INDEX ON t((id + 1))"
        )
        let catalog = try PostgresCatalog.read(in: database.connect())
        #expect(catalog.tables.isEmpty)
        #expect(catalog.keyless.map(\.name) == [TableName("t")])
        #expect(catalog.keyless[0].finding.remedy?.contains(#"ALTER TABLE "public"."t""#) == true)
    }

    @Test(arguments: [
        ("id int PRIMARY KEY", "", nil),
        ("id int PRIMARY KEY", "REPLICA IDENTITY FULL", nil),
        ("id int PRIMARY KEY", "REPLICA IDENTITY NOTHING", #"ALTER TABLE "public"."t" REPLICA IDENTITY DEFAULT"#),
        ("id int NOT NULL CONSTRAINT u UNIQUE", "", #"ALTER TABLE "public"."t" REPLICA IDENTITY USING INDEX "u""#),
        ("id int PRIMARY KEY", "SET UNLOGGED", #"ALTER TABLE "public"."t" SET LOGGED"#),
    ])
    func whatCannotBePublishedComesWithTheRemedy(columns: String, more: String, remedy: String?) async throws {
        let alter = more.isEmpty ? "" : "ALTER TABLE t \(more)"
        let database = try await SchemaDatabase("CREATE TABLE t(\(columns)); \(alter)")
        #expect(try database.table("t")?.publicationProblem?.remedy == remedy)
    }

    @Test func aSecondUniqueOrExclusionConstraintIsSeen() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE a(id int PRIMARY KEY, v int); CREATE INDEX ON a(v);
            CREATE TABLE b(id int PRIMARY KEY, v int); CREATE UNIQUE INDEX ON b(v) WHERE v > 0;
            CREATE TABLE c(id int PRIMARY KEY, v int4range, EXCLUDE USING gist (v WITH &&));
            """
        )
        #expect(try database.tables().map(\.hasSecondUnique) == [false, true, true])
    }

    @Test func typesHaveTheShapesOfTheirValues() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN amount AS numeric(10,2) CHECK (VALUE > 0);
            CREATE DOMAIN amounts AS amount[]; CREATE TYPE pair AS (a int, b text);
            CREATE TABLE t(id int PRIMARY KEY, a mood, b amount, c amounts, d pair, e int8[][], f mood[], g inet, h box[],
                i char(3), j name, k xml, l int4range, m jsonb, n timestamptz(3), o pair[], p "char", q money, r bit(3));
            """
        )
        let table = try #require(try database.table("t"))
        let shapes = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.shape) })
        let amount = table.columns.first { $0.name == "b" }?.type ?? 0
        #expect(shapes["a"] == .text)
        #expect(shapes["b"] == .numeric)
        #expect(shapes["c"] == .array(element: .numeric, elementType: amount))
        #expect(shapes["e"] == .array(element: .int8, elementType: 20))
        #expect(shapes["o"].map { !$0.hasBinaryForm } == true)
        for name in ["d", "g", "h", "l", "p", "q", "r"] { #expect(shapes[name] == .other, "\(name)") }
        for name in ["i", "j", "k"] { #expect(shapes[name] == .text, "\(name)") }
        #expect(shapes["m"] == .jsonb)
        #expect(shapes["n"] == .timestamptz)
        #expect(table.columns.first { $0.name == "a" }?.typeName == "public.mood")
        #expect(table.columns.first { $0.name == "a" }?.arrayType != 0)
    }

    @Test func sizesOfPartitionsAddUp() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE p(id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
            CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000);
            CREATE TABLE fresh(id int PRIMARY KEY);
            INSERT INTO p SELECT generate_series(0, 499); ANALYZE p1; ANALYZE p2;
            """
        )
        #expect(try database.table("p")?.estimatedRows == 500)
        #expect(try database.table("p")?.pages ?? 0 >= 2)
        #expect(try database.table("fresh")?.estimatedRows == nil)
    }

    @Test func namesOfEveryKindAreFound() async throws {
        let names = ["select", "Größe", "a\"b", "a'b", "with space", "x.y", "%_\\", "日本"]
        let script = names.map { name in
            let quoted = name.postgresIdentifier
            return "CREATE TABLE \(quoted)(\(quoted) int PRIMARY KEY, \"\(name == "x.y" ? "z" : "q")\" text)"
        }
        let database = try await SchemaDatabase(script.joined(separator: ";\n"))
        #expect(Set(try database.tables().map(\.name.name)) == Set(names))
        for name in names {
            let table = try #require(try database.table(name), "\(name)")
            #expect(table.schema.keyColumns.map(\.name) == [name])
        }
    }

    @Test func thousandsOfTablesAreReadWithAFewStatements() async throws {
        let database = try await SchemaDatabase(
            """
            DO $$ BEGIN FOR i IN 1..2000 LOOP
                EXECUTE format('CREATE TABLE t%s(id serial PRIMARY KEY, a text DEFAULT %L, b int REFERENCES t1, UNIQUE (a))',
                    i, 'x'); END LOOP; END $$;
            """
        )
        let connection = try database.connect()
        let tables = try PostgresCatalog.tables(in: connection)
        #expect(tables.count == 2000)
        #expect(tables.allSatisfy { $0.schema.definition != nil && $0.schema.columns.count == 3 })
    }

    @Test func readingInsideATransactionSeesItsSnapshotAndKeepsItsSearchPath() async throws {
        let database = try await SchemaDatabase("CREATE TABLE t(id int PRIMARY KEY)")
        let connection = try database.connect()
        try connection.execute("BEGIN; SET LOCAL search_path = public, pg_catalog; CREATE TABLE u(id int PRIMARY KEY)")
        #expect(try PostgresCatalog.tables(in: connection).map(\.name.name) == ["t", "u"])
        #expect(try connection.query("SHOW search_path").text(0, 0) == "public, pg_catalog")
        try connection.execute("ROLLBACK")
        #expect(try PostgresCatalog.table(named: TableName("u"), in: connection) == nil)
        #expect(!connection.isInTransaction)
    }

    @Test func settlingWaitsForAChangeOfStructureToEnd() async throws {
        let database = try await SchemaDatabase("CREATE TABLE t(id int PRIMARY KEY)")
        let connection = try database.connect()
        let catalog = try PostgresCatalog.read(in: connection, settling: [TableName("t"), TableName("gone")])
        #expect(catalog.tables.count == 1)
        #expect(try connection.query("SHOW lock_timeout").text(0, 0) == "0")
    }
}
