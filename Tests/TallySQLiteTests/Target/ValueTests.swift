import SQLite
import TallyModel
import TallySQLite
import Testing

@Suite("Values in a SQLite target", .timeLimit(.minutes(15)))
struct ValueTests {
    static let values: [Value] = [
        .null, .integer(0), .integer(1 << 53 + 1), .integer(.max), .integer(.min), .real(0.1), .real(1), .real(-1e300),
        .real(.infinity), .real(-.infinity), .text(""), .text("7"), .text("Zoë 木 \u{1F9FE}"), .text("a\u{0}b"),
        .bytes([]), .bytes([0, 1, 0, 255]),
        .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0x61, 0xff])),
    ]

    static let tables = [
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v, w BLOB)",
        "CREATE TABLE t(id TEXT PRIMARY KEY, v, w BLOB) WITHOUT ROWID",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v ANY, w ANY) STRICT",
        "CREATE TABLE t(v, w)",
    ]

    @Test("keep their storage class and every bit, loaded and applied", arguments: tables)
    func exact(table: String) async throws {
        let fixture = try TargetFixture(source: table)
        let schema = try fixture.schema("t")
        let isText = schema.keyColumns[0].declaredType == "TEXT"
        func row(_ index: Int, _ value: Value) -> Row {
            let key: Value = isText ? .text("k\(index + 100)") : .integer(Int64(index + 100))
            return schema.hasImplicitKey ? Row([value, value, key]) : Row([key, value, value])
        }
        let loaded = Self.values.enumerated().map { row($0, $1) }
        let inserted = Self.values.enumerated().map { row($0 + 100, $1) }
        let updated = Self.values.reversed().enumerated().map { row($0 + 100, $1) }
        let session = try await fixture.open()
        try await session.create(schema)
        #expect(try await session.load(.of(schema, loaded), mode: .add).rejections == [])
        let inserts = inserted.map { Change(.insert, table: 0, row: $0) }
        #expect(try await session.apply(inserts, to: schema) == ApplyOutcome())
        try await session.commit()
        #expect(try fixture.rows(schema) == (loaded + inserted).map { $0.values.map { $0! } })

        let updates = updated.map { Change(.update, table: 0, row: $0) }
        #expect(try await session.apply(updates, to: schema) == ApplyOutcome())
        try await session.commit()
        #expect(try fixture.rows(schema) == (loaded + updated).map { $0.values.map { $0! } })
        await session.close()
    }

    @Test("Text in an integer column arrives as text, empty text is not NULL, and blobs keep their NULs")
    func shell() async throws {
        let fixture = try TargetFixture(
            source: """
                CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, s TEXT, b BLOB);
                INSERT INTO t VALUES (1, 'many', '', x'00ff00'), (2, 9007199254740993, NULL, x''),
                    (3, 9e999, 'é', 1.0);
                """
        )
        #expect(try await fixture.copy("t").rejections == [])
        let query = "SELECT id, typeof(n), n, typeof(s), hex(s), typeof(b), hex(b) FROM t ORDER BY id"
        #expect(try fixture.shell(query) == fixture.shell(query, on: fixture.source))
        #expect(try fixture.shell("SELECT typeof(n), typeof(s), hex(b) FROM t WHERE id = 1") == "text|text|00FF00")
        #expect(try fixture.shell("SELECT n, s IS NULL FROM t WHERE id = 2") == "9007199254740993|1")
    }

    @Test("Values of other stores become what SQLite's functions read")
    func foreign() async throws {
        let fixture = try TargetFixture(target: "CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let changes: [Change] = [
            .insert(.integer(1), .boolean(true)),
            .insert(.integer(2), .decimal("12345678901234567890.10")),
            .insert(.integer(3), .date(days: 20778)),
            .insert(.integer(4), .uuid(high: 0x0123_4567_89ab_cdef, low: 1)),
        ]
        #expect(try await session.apply(changes, to: schema).rejections == [])
        try await session.commit()
        await session.close()
        let text = try fixture.shell("SELECT group_concat(typeof(v) || ' ' || v, ',') FROM t")
        #expect(
            text == "integer 1,text 12345678901234567890.10,text 2026-11-21,"
                + "text 01234567-89ab-cdef-0000-000000000001"
        )
    }

    @Test("Dates, times and what SQLite has no word for are written as PostgreSQL reads them")
    func postgres() async throws {
        let fixture = try TargetFixture(target: "CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
        let schema = try fixture.schema("t", on: fixture.path)
        let session = try await fixture.open()
        let day: Int64 = 86_400_000_000
        let values: [(Value, String)] = [
            (.date(days: -719_162), "0001-01-01"), (.date(days: -719_163), "0001-12-31 BC"),
            (.date(days: -735_160), "0044-03-15 BC"), (.date(days: 2_932_897), "10000-01-01"),
            (.time(microseconds: day), "24:00:00"),
            (.timestamp(microseconds: -1, isZoned: true), "1969-12-31 23:59:59.999999Z"),
            (.timestamp(microseconds: -719_163 * day + 1, isZoned: false), "0001-12-31 00:00:00.000001 BC"),
            (.timestamp(microseconds: -719_163 * day, isZoned: true), "0001-12-31 00:00:00Z BC"),
            (.real(.nan), "NaN"),
            (
                .array([.bytes([0, 255]), .null, .decimal("1.50"), .array([.text("a\"b")])]),
                #"["\\x00ff",null,"1.50",["a\"b"]]"#
            ),
            (.interval(Interval(months: -1, days: 2, microseconds: -3_500_000)), "P-1M2DT-3.500000S"),
            (.other(OtherValue(typeName: "inet", bytes: Array("10.0.0.1".utf8))), "10.0.0.1"),
        ]
        let changes = values.enumerated().map { Change.insert(.integer(Int64($0)), $1.0) }
        #expect(try await session.apply(changes, to: schema).rejections == [])
        try await session.commit()
        await session.close()
        #expect(try fixture.shell("SELECT v FROM t ORDER BY id") == values.map(\.1).joined(separator: "\n"))
        #expect(try fixture.shell("SELECT DISTINCT typeof(v) FROM t") == "text")
    }
}
