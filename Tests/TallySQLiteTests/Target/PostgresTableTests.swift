import TallyModel
import TallySQLite
import Testing

@Suite("Tables from PostgreSQL in a SQLite target", .timeLimit(.minutes(15)))
struct PostgresTableTests {
    private func schema(_ columns: [Column], name: TableName = TableName("t"), key: [Int] = [0]) -> TableSchema {
        TableSchema(
            name: name,
            columns: columns,
            key: key,
            definition: NativeDefinition(kind: "postgres", table: "{}")
        )
    }

    @Test("have types that keep every digit, their key and NOT NULL")
    func types() async throws {
        let types = [
            ("bigint", "INTEGER"), ("numeric(12,2)", "DECIMAL TEXT"), ("timestamp(3) with time zone", "TIMESTAMPTZ"),
            ("timestamp without time zone", "TIMESTAMP"), ("boolean", "BOOLEAN"), ("bytea", "BLOB"),
            ("jsonb", "JSONB TEXT"), ("integer[]", "JSON TEXT"), ("character varying(20)", "TEXT"), ("inet", "TEXT"),
            ("shop.mood", ""), ("uuid", "UUID"), ("interval", "INTERVAL TEXT"), ("double precision", "REAL"),
        ]
        var columns = types.enumerated().map { index, type in
            Column(
                id: index + 1,
                name: "c\(index)",
                declaredType: type.0,
                isNullable: index != 1,
                collation: "\"de_DE\""
            )
        }
        columns[0].isNullable = false
        let fixture = try TargetFixture(target: "")
        let session = try await fixture.open()
        let schema = schema(columns)
        try await session.create(schema)
        let row = Row(
            [
                .integer(1), .decimal("12.50"), .timestamp(microseconds: 0, isZoned: true), nil, .boolean(true),
                .bytes([1]),
                .json("12.50"), .array([.integer(1)]), .text("007"), nil, .text("1e3"), .uuid(high: 0, low: 1), nil,
                .real(1),
            ].map { $0 ?? .null }
        )
        #expect(try await session.load(.of(schema, [row]), mode: .add).rejections == [])
        try await session.commit()
        await session.close()
        let declared = try fixture.shell("SELECT type FROM pragma_table_info('t') ORDER BY cid")
        #expect(declared == types.map(\.1).joined(separator: "\n"))
        #expect(try fixture.shell("SELECT name FROM pragma_table_info('t') WHERE \"notnull\" ORDER BY cid") == "c0\nc1")
        #expect(try fixture.shell("SELECT name FROM pragma_table_info('t') WHERE pk") == "c0")
        let kept = "12.50|1970-01-01 00:00:00Z|1|12.50|[1]|007|1e3|00000000-0000-0000-0000-000000000001|1.0"
        #expect(try fixture.shell("SELECT c1, c2, c4, c6, c7, c8, c10, c11, c13 FROM t") == kept)
    }

    @Test("of other schemas than the default one carry the schema in their name")
    func schemas() async throws {
        let fixture = try TargetFixture(target: "")
        let session = try await fixture.open()
        let id = Column(id: 1, name: "id", declaredType: "integer", isNullable: false)
        let names = [TableName("items"), TableName("items", schema: "shop")]
        for (index, name) in names.enumerated() {
            let schema = schema([id], name: name)
            try await session.create(schema)
            let slice = Slice(
                tables: [schema],
                changes: [Change(.insert, table: 0, row: Row([.integer(Int64(index))]))],
                end: nil,
                byteCount: 1
            )
            #expect(try await session.apply(slice, replaying: []).rejections == [])
            #expect(try await !session.isEmpty(name))
        }
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT id FROM items; SELECT id FROM \"shop.items\"") == "0\n1")
    }

    @Test("are not compared by ranges of a key that SQLite orders otherwise", arguments: [true, false])
    func order(isKnown: Bool) async throws {
        let fixture = try TargetFixture(target: "")
        let session = try await fixture.open()
        let collation = isKnown ? "\"C\"" : nil
        let key = Column(id: 1, name: "k", declaredType: "text", isNullable: false, collation: collation)
        let schema = schema([key])
        try await session.create(schema)
        var chunk = Chunk.of(schema, [Row([.text("b")])])
        _ = try await session.load(chunk, mode: .replace)
        try await session.commit()
        // The whole table needs no order.
        chunk.rows = [Row([.text("a")])]
        _ = try await session.load(chunk, mode: .replace)
        try await session.commit()
        chunk.range = KeyRange(lower: Row([.text("a")]))
        chunk.rows = []
        if isKnown {
            #expect(try await session.load(chunk, mode: .replace).rejections == [])
        } else {
            let error = await #expect(throws: StoreError.self) { try await session.load(chunk, mode: .replace) }
            #expect(error?.code == .incompatibleSchema)
        }
        await session.close()
        #expect(try fixture.shell("SELECT k FROM t") == "a")
    }
}
