import TallyModel
import TallyPostgres
import Testing

@Suite("Changing the structure of a PostgreSQL target", .timeLimit(.minutes(15)))
struct AlterationTests {
    private let postgres = NativeDefinition(
        kind: "postgres",
        table:
            "{\"columns\":[],\"constraints\":[],\"foreignKeys\":[],\"indexes\":[],\"name\":{\"name\":\"t\"},\"prerequisites\":[],\"sequences\":[]}"
    )

    private func alter(_ database: SchemaDatabase, _ steps: [TableAlteration]) throws {
        try database.transaction { try TableMaker(TableName("t"), in: $0).alter(steps) }
    }

    private func columns(_ database: SchemaDatabase) async throws -> String {
        try await database.psql(
            """
            SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid) FROM pg_attribute
            LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE attrelid = 't'::regclass AND attnum > 1 AND NOT attisdropped ORDER BY attnum
            """
        )
    }

    @Test func columnsAreAddedWithTypesDefaultsAndCollations() async throws {
        let database = try await SchemaDatabase("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        let added = [
            Column(id: 2, name: "a", declaredType: "numeric(5,1)", isNullable: false, defaultExpression: "1.5"),
            Column(id: 3, name: "b", declaredType: "text", defaultExpression: "'x'::text", collation: "\"C\""),
            Column(
                id: 4,
                name: "c",
                declaredType: "timestamp with time zone",
                isNullable: false,
                defaultExpression: "now()"
            ),
            Column(id: 5, name: "d", declaredType: "integer", isNullable: false),
            Column(id: 6, name: "e"),
        ]
        for _ in 1...2 { try alter(database, added.map { .add($0, from: postgres) }) }
        let described = """
            a|numeric(5,1)|t|1.5
            b|text|f|'x'::text
            c|timestamp with time zone|f|now()
            d|integer|f|
            e|text|f|
            """
        #expect(try await columns(database) == described)
        #expect(try await database.psql("SELECT * FROM t") == "1|1.5|x|||")
    }

    @Test func aColumnOfANewTypeBringsTheType() async throws {
        let source = try await SchemaDatabase(
            "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t(id int PRIMARY KEY, m mood DEFAULT 'a', n serial)"
        )
        let schema = try #require(try source.table("t")).schema
        let target = try await SchemaDatabase("CREATE TABLE t(id int PRIMARY KEY); INSERT INTO t VALUES (1)")
        try alter(target, schema.columns.dropFirst().map { .add($0, from: schema.definition) })
        #expect(try await target.psql("SELECT * FROM t") == "1|a|")
        #expect(try await columns(target) == "m|mood|f|'a'::mood\nn|integer|f|nextval('t_n_seq'::regclass)")
    }

    @Test func columnsOfOtherKindsOfStoreGetTypesOfOurs() async throws {
        let database = try await SchemaDatabase("CREATE TABLE t(id int PRIMARY KEY)")
        let sqlite = NativeDefinition(kind: "sqlite", table: "CREATE TABLE t(id)")
        let column = Column(
            id: 2,
            name: "a",
            declaredType: "DECIMAL(5,1)",
            isNullable: false,
            defaultExpression: "X'00'"
        )
        try alter(database, [.add(column, from: sqlite)])
        #expect(try await columns(database) == "a|numeric|f|")
    }

    @Test func columnsAreRenamedAndDroppedOnce() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE t(id int PRIMARY KEY, a int, b int UNIQUE CHECK (b > 0), c int GENERATED ALWAYS AS (b + 1) STORED);
            CREATE INDEX ON t(a, b);
            """
        )
        for _ in 1...2 { try alter(database, [.rename(from: "a", to: "new a"), .drop(column: "b")]) }
        #expect(try await columns(database) == "new a|integer|f|")
    }

    @Test func typesAreFollowed() async throws {
        let database = try await SchemaDatabase(
            """
            CREATE TABLE t(id int PRIMARY KEY, a int DEFAULT 1, b varchar(3), c text);
            INSERT INTO t VALUES (1, 2, 'abc', '12.50');
            """
        )
        let changed = [
            Column(id: 2, name: "a", declaredType: "bigint", defaultExpression: "7"),
            Column(id: 3, name: "b", declaredType: "character varying(30)"),
            Column(id: 4, name: "c", declaredType: "numeric(9,2)"),
        ]
        for _ in 1...2 { try alter(database, changed.map { .retype($0, from: postgres) }) }
        #expect(try await columns(database) == "a|bigint|f|7\nb|character varying(30)|f|\nc|numeric(9,2)|f|")
        #expect(try await database.psql("SELECT * FROM t") == "1|2|abc|12.50")
    }

    @Test func whatTheServerRefusesNamesTheTableAndNoValues() async throws {
        let database = try await SchemaDatabase(
            "CREATE TABLE t(id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'secret'); CREATE VIEW v AS SELECT a FROM t"
        )
        let steps: [TableAlteration] = [
            .drop(column: "a"), .retype(Column(id: 2, name: "a", declaredType: "integer"), from: postgres),
            .add(Column(id: 3, name: "b", declaredType: "nothing.of_the_kind"), from: postgres),
        ]
        for step in steps {
            let error = #expect(throws: StoreError.self) { try alter(database, [step]) }
            #expect(error?.code == .incompatibleSchema)
            #expect(error?.table == TableName("t"))
            #expect(error?.message.contains("secret") == false)
        }
        #expect(try await columns(database) == "a|text|f|")
    }

    @Test func tablesFromSQLiteGetTypesByTheDocumentedTable() async throws {
        let declared = [
            ("INTEGER", "bigint"), ("VARCHAR(5)", "text"), ("", "text"), ("BLOB", "bytea"),
            ("FLOAT", "double precision"),
            ("BOOLEAN", "boolean"), ("DATE", "date"), ("DATETIME", "timestamp without time zone"),
            ("DECIMAL(9,2)", "numeric"),
            ("DECIMAL TEXT", "numeric"), ("JSON TEXT", "json"), ("JSONB TEXT", "jsonb"), ("UUID", "uuid"),
            ("STRING", "text"),
            ("TIMESTAMPTZ", "timestamp with time zone"), ("INTERVAL TEXT", "interval"), ("UNSIGNED BIG INT", "bigint"),
        ]
        var columns = [Column(id: 0, name: "rowid", declaredType: "INTEGER", isNullable: false, isHidden: true)]
        columns += declared.enumerated().map { Column(id: $0 + 1, name: "c\($0)", declaredType: $1.0) }
        let schema = TableSchema(
            name: TableName("t"),
            columns: columns,
            key: [0],
            definition: NativeDefinition(kind: "sqlite", table: "CREATE TABLE t")
        )
        let database = try await SchemaDatabase()
        try database.make(schema)
        #expect(try database.finishLoad(of: schema).isEmpty)
        let made = try #require(try database.table("t"))
        #expect(made.schema.keyColumns.map(\.name) == ["rowid"])
        #expect(made.schema.columns.map(\.declaredType) == ["bigint"] + declared.map(\.1))
    }

    /// The texts are those that the SQLite room writes for such values.
    @Test func textsThatASQLiteFileHoldsAreReadAsTheValuesTheyCameFrom() async throws {
        let database = try await SchemaDatabase()
        let texts = [
            ("date", "0044-03-15 BC", "0044-03-15 BC"), ("date", "10000-01-01", "10000-01-01"),
            ("timestamptz", "0001-12-31 00:00:00Z BC", "0001-12-31 00:00:00+00 BC"),
            ("timestamptz", "1969-12-31 23:59:59.999999Z", "1969-12-31 23:59:59.999999+00"),
            ("timestamp", "0001-12-31 00:00:00.000001 BC", "0001-12-31 00:00:00.000001 BC"),
            ("timestamptz", "infinity", "infinity"), ("time", "24:00:00", "24:00:00"),
            ("interval", "P-1M2DT-3.500000S", "-1 mons +2 days -00:00:03.5"), ("float8", "NaN", "NaN"),
        ]
        for (type, text, shown) in texts {
            #expect(try await database.psql("SELECT '\(text)'::\(type)") == shown, "\(type)")
        }
    }
}
