import TallyModel
import TallySQLite
import Testing

@Suite("Changing the structure of a SQLite target", .timeLimit(.minutes(15)))
struct StructureChangeTests {
    private let native = NativeDefinition(kind: "sqlite", table: "CREATE TABLE t(id INTEGER PRIMARY KEY)")

    private func alter(_ table: String, _ steps: [TableAlteration]) async throws -> TargetFixture {
        let fixture = try TargetFixture(target: table)
        let session = try await fixture.open()
        do {
            try await session.alter(TableName("t"), steps)
            try await session.commit()
        } catch {
            await session.close()
            throw error
        }
        await session.close()
        return fixture
    }

    @Test("Columns are added with what SQLite lets an added column have")
    func add() async throws {
        let columns = [
            Column(
                id: 1,
                name: "a",
                declaredType: "TEXT",
                isNullable: false,
                defaultExpression: "'x'",
                collation: "NOCASE"
            ),
            Column(id: 2, name: "b", declaredType: "INT", isNullable: false),
            Column(id: 3, name: "c", defaultExpression: "CURRENT_TIMESTAMP"),
            Column(id: 4, name: "d", declaredType: "REAL", defaultExpression: "-1.5", isGenerated: true),
        ]
        let fixture = try await alter(
            "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)",
            columns.map { .add($0, from: native) }
        )
        #expect(try fixture.shell("SELECT * FROM t") == "1|x|||-1.5")
        let described = try fixture.shell("SELECT name, type, \"notnull\" FROM pragma_table_info('t') WHERE cid > 0")
        #expect(described == "a|TEXT|1\nb|INT|0\nc||0\nd|REAL|0")
        #expect(try fixture.schema("t", on: fixture.path).columns[1].collation == "NOCASE")
    }

    @Test("A STRICT table takes columns of foreign types as ANY")
    func strict() async throws {
        let fixture = try await alter(
            "CREATE TABLE t(id INTEGER PRIMARY KEY) STRICT",
            [.add(Column(id: 1, name: "a", declaredType: "VARCHAR(3)"), from: native)]
        )
        #expect(try fixture.shell("SELECT type FROM pragma_table_info('t') WHERE name = 'a'") == "ANY")
    }

    @Test("Columns are renamed, and dropped with the indexes that need them")
    func renameAndDrop() async throws {
        let fixture = try await alter(
            """
            CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c); CREATE INDEX i ON t(b); CREATE INDEX j ON t(a) WHERE B > 1;
            CREATE INDEX k ON t(c); INSERT INTO t VALUES (1, 'a', 'b', 'c');
            """,
            [.rename(from: "c", to: "new c"), .drop(column: "b")]
        )
        #expect(try fixture.shell("SELECT a, \"new c\" FROM t") == "a|c")
        #expect(try fixture.shell("SELECT group_concat(name) FROM pragma_index_list('t')") == "k")
    }

    @Test("Steps that were taken already are passed over")
    func twice() async throws {
        let fixture = try await alter(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, A, new)",
            [.add(Column(id: 1, name: "a"), from: native), .rename(from: "old", to: "new"), .drop(column: "gone")]
        )
        #expect(try fixture.shell("SELECT group_concat(name) FROM pragma_table_info('t')") == "id,A,new")
    }

    @Test("What SQLite refuses names the table, and changes nothing")
    func refused() async throws {
        let error = await #expect(throws: StoreError.self) {
            _ = try await alter("CREATE TABLE t(id INTEGER PRIMARY KEY, a)", [.drop(column: "a"), .drop(column: "id")])
        }
        #expect(error?.code == .incompatibleSchema)
        #expect(error?.table == TableName("t"))
        #expect(error?.message.contains("PRIMARY KEY") == true)
    }

    @Test("A table that is made, altered and rolled back is not there")
    func rollback() async throws {
        let fixture = try TargetFixture(source: "CREATE TABLE t(id INTEGER PRIMARY KEY);")
        let schema = try fixture.schema("t")
        let session = try await fixture.open()
        try await session.create(schema)
        #expect(try await session.load(.of(schema, [Row([.integer(1)])]), mode: .add) == ApplyOutcome())
        await session.rollback()
        #expect(try await session.schema(of: TableName("t")) == nil)
        try await session.create(schema)
        #expect(try await session.isEmpty(TableName("t")))
        #expect(try await session.load(.of(schema, [Row([.integer(2)])]), mode: .add) == ApplyOutcome())
        #expect(try await !session.isEmpty(TableName("t")))
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT * FROM t") == "2")
    }
}
