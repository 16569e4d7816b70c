import TallyModel
import TallyPostgres
import Testing

@Suite("Values of other kinds of store", .timeLimit(.minutes(15)))
struct ForeignValueTests {
    private struct Case {
        var value: Value
        var type: String
        /// As psql shows it; `nil` where the value is refused before it is sent.
        var shown: String?

        init(_ value: Value, _ type: String, _ shown: String?) {
            self.value = value
            self.type = type
            self.shown = shown
        }
    }

    private static let moment = Value.timestamp(microseconds: 1_700_000_000_123_456, isZoned: true)
    private static let early = Value.timestamp(microseconds: -63_000_000_000_500_000, isZoned: false)

    private static let cases: [Case] = [
        Case(.boolean(true), "integer", "1"), Case(.boolean(false), "numeric(5,2)", "0.00"),
        Case(.boolean(true), "text", "true"), Case(.boolean(true), "jsonb", "true"), Case(.boolean(true), "date", nil),
        Case(.integer(1), "boolean", "t"), Case(.integer(2), "boolean", nil), Case(.integer(5), "text", "5"),
        Case(.integer(5), "numeric(5,2)", "5.00"), Case(.integer(5), "double precision", "5"),
        Case(.integer(70_000), "smallint", nil), Case(.integer(20_240_101), "date", nil),
        Case(.integer(1_700_000_000), "timestamptz", nil), Case(.integer(5), "interval", nil),
        Case(.integer(5), "jsonb", "5"), Case(.integer(5), "bytea", "\\x35"), Case(.integer(5), "uuid", nil),
        Case(.real(0.1), "numeric", "0.1"), Case(.real(1e20), "numeric(30,2)", "100000000000000000000.00"),
        Case(.real(3), "integer", "3"), Case(.real(3.5), "integer", nil), Case(.real(0.1), "real", "0.1"),
        Case(.real(.infinity), "numeric", "Infinity"), Case(.real(.nan), "jsonb", "\"NaN\""),
        Case(.real(2.5), "text", "2.5"), Case(.real(1), "boolean", "t"),
        Case(.real(.leastNonzeroMagnitude), "double precision", "5e-324"),
        Case(.decimal("1e5"), "numeric(12,2)", "100000.00"), Case(.decimal("12.00"), "bigint", "12"),
        Case(.decimal("1e5"), "bigint", "100000"), Case(.decimal("12.5"), "bigint", nil),
        Case(.decimal("0.10"), "text", "0.10"), Case(.decimal("0.10"), "jsonb", "0.10"),
        Case(.decimal("NaN"), "jsonb", "\"NaN\""), Case(.decimal("+7"), "numeric", "7"),
        Case(.decimal(".5"), "numeric", "0.5"), Case(.decimal("1."), "numeric", "1"),
        Case(.text("2024-02-29 12:00:00.5+02"), "timestamptz", "2024-02-29 10:00:00.5+00"),
        Case(.text("2024-02-29T12:00:00Z"), "timestamp", "2024-02-29 12:00:00"), Case(.text("yes"), "boolean", "t"),
        Case(.text(" 12 "), "integer", "12"), Case(.text("{\"a\":[1,2]}"), "jsonb", "{\"a\": [1, 2]}"),
        Case(.text("é"), "bytea", "\\xc3a9"), Case(.text("a\0b"), "bytea", "\\x610062"),
        Case(.text("a\0b"), "text", nil),
        Case(.text("a\0b"), "jsonb", nil),
        Case(.text("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), "uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        Case(.text("[1, 2,null]"), "integer[]", "{1,2,NULL}"),
        Case(.text("[[1,2],[3,4]]"), "integer[]", "{{1,2},{3,4}}"),
        Case(.text("[]"), "text[]", "{}"), Case(.text("{a,b}"), "text[]", "{a,b}"),
        Case(.text("[0:1]={5,6}"), "integer[]", "[0:1]={5,6}"),
        Case(
            .text(#"["a b", "q\"q", "b\\s", "\u00e9\ud83c\udfbb", "", "null", "x,y", "{}"]"#),
            "text[]",
            #"{"a b","q\"q","b\\s",é🎻,"","null","x,y","{}"}"#
        ),
        Case(.text(#"["00ff", ""]"#), "bytea[]", #"{"\\x00ff","\\x"}"#),
        Case(.text("[true,false]"), "boolean[]", "{t,f}"),
        Case(.text("[0.10, \"NaN\", 1e2]"), "numeric[]", "{0.10,NaN,100}"),
        Case(.text(#"[{"a":[1,"]"]},[1,2],"x",null]"#), "jsonb[]", #"{"{\"a\": [1, \"]\"]}","[1, 2]","\"x\"",NULL}"#),
        Case(.text(#"["a\u0000"]"#), "text[]", nil), Case(.text("(1,2)"), "point", "(1,2)"),
        Case(.bytes(Array("hé".utf8)), "text", "hé"), Case(.bytes([0xff]), "text", nil),
        Case(.bytes([0x61, 0]), "text", nil),
        Case(.bytes(Array(1...16)), "uuid", "01020304-0506-0708-090a-0b0c0d0e0f10"),
        Case(.bytes(Array("12".utf8)), "integer", "12"), Case(.bytes(Array("[1]".utf8)), "jsonb", "[1]"),
        Case(.date(days: 19_000), "timestamptz", "2022-01-08 00:00:00+00"),
        Case(.date(days: 19_000), "text", "2022-01-08"),
        Case(.date(days: -719_529), "date", "0002-12-31 BC"), Case(.date(days: 19_000), "jsonb", "\"2022-01-08\""),
        Case(.date(days: 1), "integer", nil), Case(.date(days: 1), "time", nil),
        Case(.time(microseconds: 86_400_000_000), "time", "24:00:00"),
        Case(.time(microseconds: 1), "text", "00:00:00.000001"),
        Case(.time(microseconds: -1), "time", nil), Case(.time(microseconds: 3_600_000_000), "interval", "01:00:00"),
        Case(moment, "timestamp", "2023-11-14 22:13:20.123456"), Case(moment, "date", "2023-11-14"),
        Case(moment, "text", "2023-11-14 22:13:20.123456+00"),
        Case(moment, "jsonb", "\"2023-11-14 22:13:20.123456+00\""),
        Case(moment, "bigint", nil), Case(early, "timestamptz", "0028-08-11 07:59:59.5+00 BC"),
        Case(early, "timestamp", "0028-08-11 07:59:59.5 BC"), Case(early, "text", "0028-08-11 07:59:59.5 BC"),
        Case(
            .interval(Interval(months: -14, days: 3, microseconds: -3_723_500_000)),
            "interval",
            "-1 years -2 mons +3 days -01:02:03.5"
        ),
        Case(.interval(Interval(months: 0, days: 0, microseconds: 0)), "text", "PT0S"),
        Case(.interval(Interval(months: -14, days: 3, microseconds: -3_723_500_000)), "text", "P-1Y-2M3DT-1H-2M-3.5S"),
        Case(.uuid(high: 1, low: 2), "text", "00000000-0000-0001-0000-000000000002"),
        Case(.uuid(high: 1, low: 2), "bytea", "\\x00000000000000010000000000000002"),
        Case(.uuid(high: 1, low: 2), "integer", nil),
        Case(.json("[1,2]"), "text", "[1,2]"), Case(.json("[1,2]"), "integer[]", "{1,2}"),
        Case(.json("5"), "integer", "5"),
        Case(.array([.integer(1), .null, .text("a\"b")]), "jsonb", "[1, null, \"a\\\"b\"]"),
        Case(
            .array([.decimal("0.10"), moment, .bytes([255]), .array([.boolean(true)])]),
            "text",
            "[0.10,\"2023-11-14 22:13:20.123456+00\",\"ff\",[true]]"
        ),
        Case(.array([.integer(1), .integer(2)]), "text[]", "{1,2}"),
        Case(.array([.text("1"), .integer(2)]), "bigint[]", "{1,2}"),
        Case(.array([.integer(1)]), "integer", nil), Case(.array([]), "integer[]", "{}"),
        Case(.other(OtherValue(typeName: "inet", bytes: Array("10.0.0.1".utf8))), "text", "10.0.0.1"),
        Case(.other(OtherValue(typeName: "text", bytes: [0xff])), "text", nil),
        Case(.other(OtherValue(typeName: "text", bytes: [0xff])), "bytea", "\\xff"),
        Case(
            .text("<?xml version=\"1.0\" encoding=\"latin1\"?><é/>"),
            "xml",
            "<é/>"
        ),
        Case(.text("10.0.0.1"), "inet", "10.0.0.1"), Case(.integer(5), "money", "$5.00"), Case(.null, "integer", ""),
    ]

    @Test("are what the documented table says in the server, by COPY and by arrays, or are refused with a reason")
    func mappings() async throws {
        try await TypeServer.with { server in
            var queries: [String] = []
            var expected: [(sample: Case, shown: String)] = []
            for (number, sample) in Self.cases.enumerated() {
                let tables = ["copy_\(number)", "text_\(number)", "array_\(number)"]
                for table in tables {
                    _ = try server.connection.execute("CREATE TABLE \(table) (id int PRIMARY KEY, v \(sample.type))")
                }
                let columns = try server.columns(of: tables[0])
                let row = Row([.integer(1), sample.value])
                var buffer = CopyBuffer(columns: columns)
                let problems = buffer.fill(1) { _ in row }
                guard let shown = sample.shown else {
                    #expect(problems.count == 1, "\(sample)")
                    #expect(problems.first?.problem.column == "v")
                    #expect(throws: ArrayParameter.Refusal.self, "\(sample)") {
                        try server.insertArrays([row], to: tables[2])
                    }
                    continue
                }
                #expect(problems.isEmpty, "\(sample)")
                do {
                    try server.copyIn(buffer, to: tables[0])
                    try server.copyIn([row], to: tables[1], .text)
                    try server.insertArrays([row], to: tables[2])
                } catch {
                    Issue.record("\(sample): \(error)")
                    continue
                }
                for table in tables {
                    queries.append("SELECT v FROM \(table)")
                    expected.append((sample, shown))
                }
            }
            let found = try await server.psql(each: queries)
            #expect(found.count == expected.count)
            for (index, (sample, shown)) in expected.enumerated() {
                #expect(found[index] == shown, "\(sample): \(queries[index])")
            }
        }
    }

    @Test("that are too long for a column are refused by the server, not cut off")
    func tooLong() async throws {
        try await TypeServer.with { server in
            _ = try server.connection.execute("CREATE TABLE t (id int PRIMARY KEY, v varchar(3), c char(3), b bit(3))")
            let rows: [Row] = [
                Row([.integer(1), .text("four"), .null, .null]), Row([.integer(2), .null, .text("four"), .null]),
                Row([.integer(3), .null, .null, .text("1111")]), Row([.integer(4), .integer(1234), .null, .null]),
                Row([.integer(5), .null, .integer(1234), .null]),
            ]
            for row in rows {
                #expect(throws: StoreError.self) { try server.insertArrays([row], to: "t") }
                #expect(throws: StoreError.self) { try server.copyIn([row], to: "t", .text) }
            }
            try server.insertArrays([Row([.integer(6), .text("abc"), .integer(123), .text("101")])], to: "t")
            #expect(try await server.psql("SELECT * FROM t") == "6|abc|123|101")
        }
    }

    @Test(
        "keep a type's name without its modifiers",
        arguments: [
            ("numeric(12,2)", "numeric"), ("character(10)", "bpchar"), ("character(10)[]", "bpchar[]"),
            ("bit(3)", "\"bit\""),
            ("timestamp(3) with time zone", "timestamp with time zone"), ("interval day to second(2)", "interval"),
            ("shop.\"odd (name)\"(3)", "shop.\"odd (name)\""), ("character varying(3)[]", "character varying[]"),
            ("text", "text"),
        ]
    )
    func names(typeName: String, plain: String) {
        let column = PostgresColumn(name: "c", number: 1, type: 0, typeName: typeName, shape: .other)
        #expect(column.typeNameWithoutModifiers == plain)
    }
}
