import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("The catalog of a SQLite file", .timeLimit(.minutes(15)))
struct CatalogTests {
    private func catalog(_ script: String) throws -> [TableSchema] {
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.execute(script)
        return try Catalog.tables(in: connection)
    }

    private func indexes(_ script: String) throws -> [UniqueIndex] {
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.execute(script)
        return try Catalog.uniqueIndexes(of: "t", in: connection)
    }

    @Test("holds ordinary tables of users, and nothing else")
    func selection() throws {
        let tables = try catalog(
            """
            CREATE TABLE b(id INTEGER PRIMARY KEY AUTOINCREMENT); CREATE TABLE "a b"(x); CREATE TABLE _tally_log(seq);
            CREATE VIEW v AS SELECT 1; CREATE VIRTUAL TABLE f USING fts5(body); CREATE TABLE xtally_y(i); ANALYZE;
            CREATE TEMP TABLE passing(i);
            """
        )
        #expect(tables.map(\.name) == [TableName("a b"), TableName("b"), TableName("xtally_y")])
    }

    @Test("tells columns, types, defaults, collations and what is generated")
    func columns() throws {
        let table = try #require(
            try catalog(
                """
                CREATE TABLE t("Schlüssel" INTEGER PRIMARY KEY, s VARCHAR(10) NOT NULL DEFAULT 'x' COLLATE nocase,
                    u, g AS (s || u), h INT GENERATED ALWAYS AS (u + 1) STORED);
                """
            ).first
        )
        #expect(table.columns.map(\.name) == ["Schlüssel", "s", "u", "g", "h"])
        #expect(table.columns.map(\.declaredType) == ["INTEGER", "VARCHAR(10)", "", "", "INT"])
        #expect(table.columns.map(\.isNullable) == [false, false, true, true, true])
        #expect(table.columns.map(\.isGenerated) == [false, false, false, true, true])
        #expect(table.columns.map { $0.collation?.uppercased() } == [nil, "NOCASE", nil, nil, nil])
        #expect(table.columns[1].defaultExpression == "'x'")
        #expect(table.key == [0])
    }

    @Test("tells keys in their own order, and takes the rowid where none is declared")
    func keys() throws {
        let tables = try catalog(
            """
            CREATE TABLE a(x, y, z, PRIMARY KEY(z, x)) WITHOUT ROWID;
            CREATE TABLE b(x);
            CREATE TABLE c(ROWID TEXT, _rowid_);
            """
        )
        #expect(tables.map { $0.keyColumns.map(\.name) } == [["z", "x"], ["rowid"], ["oid"]])
        #expect(tables.map(\.hasImplicitKey) == [false, true, true])
        #expect(tables[1].columns.last?.isHidden == true)
    }

    @Test("leaves out what no row can be told apart in, and says so")
    func unidentifiable() throws {
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.execute("CREATE TABLE t(rowid TEXT, _rowid_ TEXT, oid TEXT); CREATE TABLE u(a)")
        #expect(try Catalog.tables(in: connection).map(\.name) == [TableName("u")])
        #expect(try Catalog.table("t", in: connection) == nil)
        #expect(try Catalog.unidentifiable(in: connection) == [TableName("t")])
    }

    @Test("finds a table whatever the case of its letters, by the name that it has")
    func letterCase() throws {
        let connection = try Connection(path: ":memory:", access: .create)
        try connection.execute("CREATE TABLE Orders(id PRIMARY KEY)")
        #expect(try Catalog.table("ORDERS", in: connection)?.name == TableName("Orders"))
        #expect(try Catalog.table("order", in: connection) == nil)
    }

    @Test("tells unique constraints and indexes beside the key, with expressions, collations and conditions")
    func uniqueIndexes() throws {
        let indexes = try indexes(
            """
            CREATE TABLE t(id TEXT PRIMARY KEY, a UNIQUE, b TEXT COLLATE NOCASE, c);
            CREATE INDEX plain ON t(a);
            CREATE UNIQUE INDEX pair ON t(b, c COLLATE RTRIM DESC);
            CREATE UNIQUE INDEX part ON t(lower(b || ',') /* folded */ COLLATE NOCASE ASC, "c")
                WHERE a > 1 AND c <> 'x';
            """
        )
        #expect(indexes.map(\.name) == ["pair", "part", "sqlite_autoindex_t_2"])
        #expect(indexes[0].terms.map(\.kind) == [.column("b"), .column("c")])
        #expect(indexes[0].terms.map(\.collation) == ["NOCASE", "RTRIM"])
        #expect(indexes[1].terms.map(\.kind) == [.expression("lower(b || ',')"), .column("c")])
        #expect(indexes[1].terms.map(\.collation) == ["NOCASE", nil])
        #expect(indexes[1].condition == "a > 1 AND c <> 'x'")
        #expect(indexes[2].terms.map(\.kind) == [.column("a")])
    }
}
