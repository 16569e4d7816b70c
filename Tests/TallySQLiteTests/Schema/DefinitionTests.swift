import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Tables that Tally makes", .timeLimit(.minutes(15)))
struct DefinitionTests {
    static let tables = [
        "CREATE TABLE t(a INT, b TEXT NOT NULL, c ANY, PRIMARY KEY(b, a)) STRICT, WITHOUT ROWID",
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, d DECIMAL( 10 , 2 ) DEFAULT -1.50, e DEFAULT (1+1))",
        """
        CREATE TABLE t(id INTEGER PRIMARY KEY DESC, n NUMERIC NOT NULL ON CONFLICT REPLACE DEFAULT 0,
            u UNIQUE ON CONFLICT IGNORE)
        """,
        "CREATE TABLE t(a, b, c GENERATED ALWAYS AS (a || ',' || b) STORED, d AS (length(c)) UNIQUE)",
        """
        CREATE TABLE t("select" TEXT PRIMARY KEY, [group by] INT, `order``s` REAL, "quo""te", 'single', Größe, "", -- a
            木 TEXT CHECK (木 <> ')' AND "group by" IN (1, 2, 3)) /* end ) */, CHECK (`order``s` > 0))
        """,
        """
        CREATE TABLE t(id INT CONSTRAINT pk PRIMARY KEY, parent INT REFERENCES t(id) ON DELETE SET NULL
            ON UPDATE NO ACTION DEFERRABLE INITIALLY DEFERRED, o REFERENCES elsewhere, s TEXT COLLATE NOCASE NOT NULL,
            CONSTRAINT both UNIQUE (parent, s) ON CONFLICT ABORT, FOREIGN KEY (parent, s) REFERENCES t(x, y) MATCH FULL
            CONSTRAINT positive CHECK (id > 0))
        """,
        "CREATE TABLE t(a UNSIGNED BIG INT, b DOUBLE PRECISION, c CHARACTER(70), d BLOB NULL, e DEFAULT x'00ff')",
        "CREATE TABLE t(a \"a type\" DEFAULT 'it''s', b DEFAULT CURRENT_TIMESTAMP, c DEFAULT +1e-5, d DEFAULT TRUE)",
    ]

    /// What SQLite itself says of a table, its statement left out.
    private static let description = """
        SELECT * FROM pragma_table_xinfo('t'); SELECT type, wr, strict FROM pragma_table_list WHERE name = 't';
        SELECT "unique", origin, partial, x.cid, x.name, x.coll, x."desc" FROM pragma_index_list('t') AS i,
            pragma_index_xinfo(i.name) AS x WHERE i.name NOT GLOB '_tally_*' ORDER BY i.name, x.seqno;
        SELECT * FROM pragma_foreign_key_list('t');
        """

    @Test("are to SQLite what they are in the source", arguments: tables)
    func same(table: String) async throws {
        let fixture = try TargetFixture(source: table + ";")
        #expect(try await fixture.copy("t").rejections == [])
        #expect(try fixture.shell(Self.description) == fixture.shell(Self.description, on: fixture.source))
        // Made from what was made, it is the same statement again.
        let made = try fixture.schema("t", on: fixture.path)
        #expect(made.columns == (try fixture.schema("t").columns))
    }

    @Test("have the indexes of the source once the load is done, and only once")
    func indexes() async throws {
        let indexes = """
            CREATE INDEX plain ON t(a DESC); CREATE UNIQUE INDEX "two words" ON t(lower(b) COLLATE NOCASE) WHERE a > 1;
            """
        let fixture = try TargetFixture(source: "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); \(indexes)")
        _ = try await fixture.copy("t")
        #expect(try fixture.shell(Self.description) == fixture.shell(Self.description, on: fixture.source))
        let session = try await fixture.open()
        _ = try await session.finishLoad(of: try fixture.schema("t"))
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT count(*) FROM pragma_index_list('t')") == "2")
    }

    @Test("have indexes under another name where theirs is taken")
    func indexNames() async throws {
        let fixture = try TargetFixture(
            source: "CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE INDEX i ON t(a);",
            target: "CREATE TABLE o(i); CREATE INDEX i ON o(i); CREATE TABLE t_i(x);"
        )
        _ = try await fixture.copy("t")
        let session = try await fixture.open()
        _ = try await session.finishLoad(of: try fixture.schema("t"))
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT group_concat(name) FROM pragma_index_list('t')") == "t_i_2")
    }

    @Test("under another name refer to themselves by it")
    func renamedTable() async throws {
        let fixture = try TargetFixture(
            source: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, up INT REFERENCES t(id), CHECK (t.up <> "t".id));
                CREATE INDEX i ON t(up);
                """
        )
        var schema = try fixture.schema("t")
        schema.name = TableName("new \"name\"")
        try await make(schema, in: fixture)
        #expect(
            try fixture.shell("SELECT \"table\", \"to\" FROM pragma_foreign_key_list('new \"name\"')")
                == "new \"name\"|id"
        )
        #expect(try fixture.shell("SELECT tbl_name FROM sqlite_schema WHERE name = 'i'") == "new \"name\"")
        try fixture.shell("INSERT INTO \"new \"\"name\"\"\" VALUES (1, 2)")
        #expect(try fixture.refuses("INSERT INTO \"new \"\"name\"\"\" VALUES (3, 3)"))
    }

    private static let person = """
        CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE CHECK (email LIKE '%@%'),
            age INT CHECK (age >= 0), "full name" TEXT COLLATE NOCASE, notes, len AS (length(notes)),
            loud AS (upper("full name")), CHECK (age < 200 OR notes IS NULL), UNIQUE ("full name", age));
        CREATE INDEX by_age ON t(age) WHERE notes IS NOT NULL;
        CREATE INDEX by_name ON t("full name" COLLATE BINARY, age);
        CREATE UNIQUE INDEX by_email ON t(lower(email));
        """

    @Test("lose what mentions a column that is dropped; what it was generated from comes as values")
    func dropped() async throws {
        let fixture = try TargetFixture(source: Self.person)
        var schema = try fixture.schema("t")
        schema.columns.removeAll { $0.name == "notes" }
        schema.definition?.removed = ["notes"]
        try await make(schema, in: fixture)
        #expect(
            try fixture.shell("SELECT group_concat(name || hidden) FROM pragma_table_xinfo('t')")
                == "id0,email0,age0,full name0,len0,loud2"
        )
        #expect(
            try fixture.shell("SELECT group_concat(name) FROM pragma_index_list('t') WHERE origin = 'c'")
                == "by_email,by_name"
        )
        let session = try await fixture.open()
        let row: [Value] = [.integer(1), .text("a@b"), .integer(300), .text("x"), .integer(9), .null]
        #expect(try await session.apply([Change(.insert, table: 0, row: Row(row))], to: schema) == ApplyOutcome())
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM t") == "1|a@b|300|x|9|X")
        #expect(try fixture.refuses("INSERT INTO t(email, age) VALUES ('a', -1)"))
    }

    @Test("know renamed columns by their new names everywhere")
    func renamed() async throws {
        let fixture = try TargetFixture(source: Self.person)
        var schema = try fixture.schema("t")
        let names = ["full name": "order", "age": "full name", "email": "x"]
        for index in schema.columns.indices {
            schema.columns[index].name = names[schema.columns[index].name] ?? schema.columns[index].name
        }
        schema.definition?.renames = names
        try await make(schema, in: fixture)
        try fixture.shell("INSERT INTO t(x, \"full name\", \"order\") VALUES ('a@b', 5, 'Ann')")
        #expect(try fixture.shell("SELECT loud, \"full name\" FROM t") == "ANN|5")
        #expect(try fixture.refuses("INSERT INTO t(x, \"full name\") VALUES ('c@d', -1)"))
        #expect(try fixture.refuses("INSERT INTO t(x, \"full name\", \"order\") VALUES ('e@f', 5, 'ANN')"))
        #expect(try fixture.shell("SELECT group_concat(name) FROM pragma_index_info('by_name')") == "order,full name")
    }

    @Test("ask nothing of a column that is computed on the way, and give it no type")
    func computed() async throws {
        let fixture = try TargetFixture(source: Self.person)
        var schema = try fixture.schema("t")
        schema.columns[1] = Column(id: 1, name: "email")
        schema.columns.append(Column(id: 100_000, name: "added"))
        schema.definition?.computed = ["email", "added"]
        try await make(schema, in: fixture)
        try fixture.shell("INSERT INTO t(email, added) VALUES (NULL, 1), (x'00', 2), ('***', 3), ('***', 4)")
        #expect(try fixture.shell("SELECT group_concat(typeof(email)) FROM t") == "null,blob,text,text")
        #expect(try fixture.shell("SELECT type FROM pragma_table_xinfo('t') WHERE name = 'email'") == "")
        #expect(try fixture.refuses("INSERT INTO t(age) VALUES (-1)"))
    }

    @Test("of STRICT kind give a computed column the type ANY")
    func strictComputed() async throws {
        let fixture = try TargetFixture(source: "CREATE TABLE t(id INTEGER PRIMARY KEY, n INT) STRICT;")
        var schema = try fixture.schema("t")
        schema.columns[1] = Column(id: 1, name: "n")
        schema.definition?.computed = ["n"]
        try await make(schema, in: fixture)
        try fixture.shell("INSERT INTO t VALUES (1, 'text')")
        #expect(try fixture.shell("SELECT strict FROM pragma_table_list WHERE name = 't'") == "1")
    }

    @Test("for rows of other kinds of store have types that lose nothing")
    func foreign() async throws {
        let fixture = try TargetFixture()
        let types = [
            "bigint", "numeric(30,10)", "timestamp with time zone", "double precision", "bytea", "boolean", "int[]", "",
        ]
        var columns = types.enumerated().map { Column(id: $0, name: "c\($0)", declaredType: $1) }
        columns[0].isNullable = false
        columns[1].defaultExpression = "nextval('x'::regclass)"
        let definition = NativeDefinition(kind: "postgres", table: "CREATE TABLE …")
        try await make(
            TableSchema(name: TableName("t"), columns: columns, key: [0], definition: definition),
            in: fixture
        )
        #expect(
            try fixture.shell("SELECT group_concat(type) FROM pragma_table_info('t')")
                == "INTEGER,DECIMAL TEXT,TIMESTAMPTZ,REAL,BLOB,BOOLEAN,JSON TEXT,"
        )
        #expect(try fixture.shell("SELECT name FROM pragma_table_info('t') WHERE pk") == "c0")
    }

    @Test("are not made over what has their name")
    func taken() async throws {
        let fixture = try TargetFixture(source: "CREATE TABLE t(id PRIMARY KEY);", target: "CREATE VIEW T AS SELECT 1;")
        let schema = try fixture.schema("t")
        let error = await #expect(throws: StoreError.self) { try await make(schema, in: fixture) }
        #expect(error?.code == .incompatibleSchema)
        #expect(error?.message.contains("view") == true)
    }

    private func make(_ schema: TableSchema, in fixture: TargetFixture) async throws {
        let session = try await fixture.open()
        do {
            try await session.create(schema)
            _ = try await session.finishLoad(of: schema)
            try await session.commit()
        } catch {
            await session.close()
            throw error
        }
        await session.close()
    }
}
