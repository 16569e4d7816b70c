import TallyGroup
import TallyModel
import Testing

/// One value has one form, however a member writes it.
struct ColumnTypeTests {
    private static let uuid = Value.uuid(high: 0xA0EE_BC99_9C0B_4EF8, low: 0xBB6D_6BB9_BD38_0A11)
    private static let uuidText = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    /// 2026-11-21 10:00:00 UTC.
    private static let moment: Int64 = 1_795_255_200_000_000

    private static func other(_ type: String, _ text: String) -> Value {
        .other(OtherValue(typeName: type, bytes: Array(text.utf8)))
    }

    /// A type of PostgreSQL's, the form of a value, and other forms and spellings of the same.
    private static let same: [(type: String, form: Value, spellings: [Value])] = [
        ("boolean", .boolean(true), [.integer(1), .real(1), .text("t"), .text("TRUE"), .text(" on "), .text("y")]),
        ("boolean", .boolean(false), [.integer(0), .text("f"), .text("no"), .text("off"), .text("0")]),
        ("bigint", .integer(5), [.real(5), .text("5"), .text(" +05 "), .decimal("5.00")]),
        ("bigint", .integer(9_223_372_036_854_775_807), [.text("9223372036854775807")]),
        ("smallint", .integer(-32768), [.text("-32768"), .real(-32768)]),
        ("numeric", .decimal("1.50"), [.text("1.50"), .text(" +01.50"), .text("150e-2")]),
        ("numeric", .decimal("5"), [.integer(5), .real(5), .text("5"), .text("5.")]),
        ("numeric", .decimal("0.5"), [.real(0.5), .text(".5"), .text("5E-1")]),
        ("numeric", .decimal("100000000000000000000"), [.real(1e20), .text("1e20")]),
        ("numeric", .decimal("0"), [.text("-0"), .real(-0.0), .integer(0)]),
        ("numeric", .decimal("NaN"), [.text("nan"), .text("NaN")]),
        ("numeric", .decimal("-Infinity"), [.real(-.infinity), .text("-inf")]),
        ("numeric(12,2)", .decimal("1.50"), [.text("1.5"), .real(1.5), .text("1.500")]),
        ("numeric(12,2)", .decimal("7.00"), [.integer(7), .decimal("7")]),
        ("double precision", .real(1.5), [.text("1.5"), .text("15e-1"), .decimal("1.50")]),
        ("double precision", .real(.infinity), [.text("Infinity"), .text("inf")]),
        ("real", .real(Double(Float(0.1))), [.real(0.1), .text("0.1")]),
        ("text", .text("5"), [.integer(5), .real(5)]),
        ("text", .text("abc"), [.bytes(Array("abc".utf8))]),
        ("character(4)", .text("ab  "), [.text("ab"), .text("ab      ")]),
        ("bytea", .bytes(Array("abc".utf8)), [.text("abc")]),
        ("date", .date(days: 19782), [.text("2024-02-29"), .text("2024-2-29"), .text("2024-02-29 00:00:00")]),
        ("date", other("date", "infinity"), [.text("infinity"), .text("Infinity")]),
        ("date", .date(days: -735_160), [.text("0044-03-15 BC")]),
        (
            "time without time zone", .time(microseconds: 49_500_500_000),
            [.text("13:45:00.5"), .text("13:45:00.500000")]
        ),
        ("time without time zone", .time(microseconds: 49_500_000_000), [.text("13:45"), .text("13:45:00")]),
        (
            "timestamp with time zone", .timestamp(microseconds: moment, isZoned: true),
            [
                "2026-11-21 10:00:00+00", "2026-11-21T10:00:00Z", "2026-11-21 10:00", "2026-11-21 10:00:00.000 UTC",
                "2026-11-21 11:00:00+01:00", "2026-11-21 05:30:00-0430", "2026-11-21 10:00:00+00 AD",
            ].map(Value.text)
        ),
        (
            "timestamp without time zone", .timestamp(microseconds: moment, isZoned: false),
            ["2026-11-21 10:00:00", "2026-11-21T10:00", "2026-11-21 10:00:00Z", "2026-11-21 10:00+05"].map(Value.text)
        ),
        ("timestamp with time zone", other("timestamp with time zone", "-infinity"), [.text("-Infinity")]),
        (
            "interval", .interval(Interval(months: 14, days: 3, microseconds: 4_500_000)),
            ["P14M3DT4.500000S", "P1Y2M3DT4.5S", "1 year 2 mons 3 days 00:00:04.5"].map(Value.text)
        ),
        (
            "interval", .interval(Interval(months: 0, days: -1, microseconds: -7_200_000_000)),
            [.text("P-1DT-2H"), .text("-1 days -02:00:00"), .text("-1 day -2 hours")]
        ),
        (
            "uuid", uuid,
            [
                .text(uuidText), .text(uuidText.uppercased()), .text("{\(uuidText)}"),
                .text(uuidText.replacing("-", with: "")), .text("a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"),
                .bytes([0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11]
                ),
            ]
        ),
        ("json", .json(#"{"b":1, "a":2}"#), [.text(#"{"b":1, "a":2}"#)]),
        (
            "jsonb", .json(#"{"a": 2, "b": [1.50, 100, "é\n"], "aa": null}"#),
            [.text(#"{"b":[1.50,1e2,"\u00e9\n"],"aa":null,"a":1,"a":2}"#)]
        ),
        ("integer[]", .array([.integer(1), .null, .integer(2)]), [.text("[1, null, 2]"), .json("[1,null,2]")]),
        (
            "numeric(4,2)[]", .array([.decimal("1.50"), .decimal("2.00")]),
            [.text(#"["1.50",2]"#), .array([.decimal("1.50"), .decimal("2.00")])]
        ),
        ("integer[]", .array([.array([.integer(1)]), .array([.integer(2)])]), [.text("[[1],[2]]")]),
        ("uuid[]", .array([uuid]), [.text("[\"\(uuidText.uppercased())\"]")]),
        ("bytea[]", .array([.bytes([0, 255])]), [.text(#"["\\x00FF"]"#)]),
        ("inet", .text("10.0.0.1"), [other("inet", "10.0.0.1")]),
    ]

    @Test
    func spellingsOfAValueHaveOneForm() {
        for (name, form, spellings) in Self.same {
            let type = ColumnType(name, kind: "postgres")
            for value in spellings + [form] { #expect(type.reading(value) == .same(form), "\(name) \(value)") }
        }
    }

    @Test
    func aFormComesBackFromSQLiteAsItself() {
        for (name, form, _) in Self.same {
            let type = ColumnType(name, kind: "postgres")
            // What a file keeps of the value; text of other types is text there.
            var kept = form.scalar ?? form
            if case .other(let other) = kept { kept = .text(String(decoding: other.bytes, as: UTF8.self)) }
            #expect(type.canonical(kept) == form, "\(name) \(kept)")
        }
    }

    @Test
    func whatATypeHasNoPlaceForIsAnotherValue() {
        let cases: [(type: String, value: Value, form: Value)] = [
            ("numeric(12,2)", .text("1.005"), .decimal("1.01")), ("numeric(12,2)", .text("-0.005"), .decimal("-0.01")),
            ("numeric(12,2)", .text("99.999"), .decimal("100.00")), ("numeric(3,0)", .real(2.5), .decimal("3")),
            ("numeric(12,2)", .text("0.001"), .decimal("0.00")),
            ("date", .text("2024-02-29 13:45:00"), .date(days: 19782)),
            ("time(0) without time zone", .text("13:45:00.5"), .time(microseconds: 49_501_000_000)),
            (
                "timestamp(3) with time zone", .text("2026-11-21 10:00:00.0006Z"),
                .timestamp(microseconds: Self.moment + 1000, isZoned: true)
            ),
        ]
        for (name, value, form) in cases {
            let type = ColumnType(name, kind: "postgres")
            #expect(type.reading(value) == .rounded(form), "\(name) \(value)")
            #expect(type.reading(form) == .same(form), "\(name)")
        }
    }

    @Test
    func whatDoesNotReadAsTheTypeStaysAsItIs() {
        let cases: [(type: String, values: [Value])] = [
            ("boolean", [.text("o"), .text("maybe"), .integer(2), .text("")]),
            ("bigint", [.text("5.0"), .real(5.5), .text("9223372036854775808"), .text("five"), .bytes([1])]),
            ("smallint", [.integer(40000), .text("40000")]),
            ("numeric", [.text(""), .text("1,5"), .text("0x10"), .bytes([1])]), ("numeric(4,2)", [.text("100")]),
            ("double precision", [.text("1e400"), .text("1e-400"), .text("0x1p3"), .text("")]),
            ("real", [.real(1e300)]),
            (
                "date",
                [.text("soon"), .text("2023-02-29"), .text("0000-01-01"), .integer(20_240_229), .text("20240229")]
            ),
            ("time without time zone", [.text("25:00"), .text("13"), .text("13:45:61"), .integer(1)]),
            (
                "timestamp with time zone",
                [.text("now"), .text("tomorrow"), .text("2026-11-21 10:00 Europe/Paris"), .integer(1_795_255_200)]
            ),
            ("interval", [.text("P"), .text("3 fortnights"), .text(""), .integer(1)]),
            ("uuid", [.text("a0ee"), .text("-" + Self.uuidText), .bytes([1, 2]), .text("{\(Self.uuidText)")]),
            ("json", [.text("{"), .text("")]), ("jsonb", [.text(#""\u0000""#), .text(#""\ud800""#)]),
            ("integer[]", [.text("{1,2}"), .text("[1.5]"), .text("{}"), .text("[")]), ("text", [.bytes([255])]),
        ]
        for (name, values) in cases {
            let type = ColumnType(name, kind: "postgres")
            for value in values {
                #expect(type.reading(value) == .foreign, "\(name) \(value)")
                #expect(type.canonical(value) == value, "\(name)")
            }
        }
    }

    @Test
    func columnsOfSQLiteHaveTheTypesOfAFlowToPostgreSQL() {
        let cases: [(declared: String, type: String)] = [
            ("BOOLEAN", "boolean"), ("Date", "date"), ("TIME", "time without time zone"),
            ("DATETIME", "timestamp without time zone"), ("TIMESTAMPTZ", "timestamp with time zone"),
            ("TIMESTAMP WITH TIME ZONE", "timestamp with time zone"), ("INTERVAL TEXT", "interval"),
            ("DECIMAL(10,2)", "numeric"), ("NUMERIC", "numeric"), ("DECIMAL TEXT", "numeric"), ("UUID", "uuid"),
            ("JSON TEXT", "json"), ("JSONB", "jsonb"), ("UNSIGNED BIG INT", "bigint"), ("VARCHAR(20)", "text"),
            ("BLOB", "bytea"), ("REAL", "double precision"), ("FLOAT", "double precision"), ("", "text"),
            ("ANY", "text"),
        ]
        for (declared, type) in cases {
            #expect(ColumnType(declared, kind: "sqlite") == ColumnType(type, kind: "postgres"), "\(declared)")
        }
    }

    @Test
    func keysThatPostgreSQLTakesForOneHaveOneForm() {
        let numeric = ColumnType("numeric", kind: "postgres")
        for text in ["1.5", "1.50", "01.500"] { #expect(numeric.canonicalKey(.text(text)) == .decimal("1.5")) }
        #expect(ColumnType("double precision", kind: "postgres").canonicalKey(.real(-0.0)) == .real(0))
        let table = TableSchema(
            name: TableName("t"),
            columns: [Column(id: 1, name: "id", declaredType: "TEXT", collation: "NOCASE")],
            key: [0],
            definition: NativeDefinition(kind: "sqlite", table: "")
        )
        let alike = GroupValues(table, kinds: ["sqlite"])
        #expect(alike.identity(of: Row([.text("Tea Ä")])) == Row([.text("tea Ä")]))
        #expect(alike.identity(of: Row([.real(2)])) == Row([.integer(2)]))
    }
}
