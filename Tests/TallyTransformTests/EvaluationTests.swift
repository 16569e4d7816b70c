import SQLite
import TallyModel
import TallyTransform
import Testing

@Suite("How a transform evaluates a row")
struct EvaluationTests {
    private func row(_ settings: TransformSettings, _ row: Row = Customers.ada) throws -> Row? {
        try RowTransform(settings, schema: Customers.schema).row(row)
    }

    /// What one expression over the row makes.
    private func value(_ expression: String, _ row: Row = Customers.ada) throws -> Value? {
        try self.row(TransformSettings(set: ["result": expression]), row)?.values.last ?? nil
    }

    @Test(
        "where lets in rows for which it is true, and none for which it is false or null",
        arguments: [
            ("country = 'GB'", true), ("country <> 'GB'", false), ("NULL", false), ("0", false), ("0.5", true),
            ("'abc'", false), ("country IN ('DE', 'GB')", true), ("name LIKE 'a%'", true), ("1 -- always", true),
        ]
    )
    func condition(_ text: String, _ isIn: Bool) throws {
        #expect(try row(TransformSettings(where: text)) == (isIn ? Customers.ada : nil))
    }

    @Test(
        "expressions see values with the affinity and the collation of the source's column",
        arguments: [
            ("email = 'ada@example.ORG'", 1), ("name = 'ADA'", 0), ("id = '1'", 1), ("country = 1", 0),
            ("typeof(credit) = 'integer'", 1), ("credit = '1200.0'", 1),
        ] as [(String, Int64)]
    )
    func semantics(_ expression: String, _ expected: Int64) throws {
        #expect(try value(expression) == .integer(expected))
    }

    @Test("in a STRICT table a column of type ANY keeps text that looks like a number")
    func strictAny() throws {
        var schema = Customers.schema
        schema.columns[1].declaredType = "ANY"
        let row = Row([.integer(1), .text("007"), .text(""), .null, .null])
        let settings = TransformSettings(set: ["kind": "typeof(name)"])
        for (table, kind) in [("CREATE TABLE c(a ANY) STRICT", "text"), ("CREATE TABLE c(a ANY)", "integer")] {
            schema.definition = NativeDefinition(kind: "sqlite", table: table)
            #expect(try RowTransform(settings, schema: schema).row(row)?.values.last == .text(kind))
        }
    }

    @Test("every expression sees the original values, whatever the others set")
    func originals() throws {
        let set = ["name": "upper(country)", "country": "lower(name)"]
        let settings = TransformSettings(where: "name = 'Ada'", set: set)
        #expect(try row(settings)?.values[1] == .text("GB"))
        #expect(try row(settings)?.values[3] == .text("ada"))
    }

    @Test("one row after another leaves no trace of the one before")
    func sequence() throws {
        let transform = try RowTransform(
            TransformSettings(where: "id % 2", set: ["twice": "name || name"]),
            schema: Customers.schema
        )
        for id in 1...50 as ClosedRange<Int64> {
            var row = Customers.ada
            row[0] = .integer(id)
            row[1] = id % 3 == 0 ? .null : .text("n\(id)")
            let result = try transform.row(row)
            if id % 2 == 0 {
                #expect(result == nil)
            } else {
                #expect(result?.values.last == (id % 3 == 0 ? .null : .text("n\(id)n\(id)")))
            }
        }
    }

    @Test(
        "sha256 and redact give what their names say",
        arguments: [
            ("sha256('abc')", .text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
            ("sha256(x'616263')", .text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
            ("sha256('')", .text("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")),
            ("sha256(42) = sha256('42')", .integer(1)),
            ("sha256(NULL)", .null),
            ("redact(name)", .text("***")), ("redact(7)", .text("***")), ("redact(NULL)", .null),
            ("redact('4111 1111 1111 1234', 4)", .text("***************1234")), ("redact('Zoë', 1)", .text("**ë")),
            ("redact(123456, 2)", .text("****56")), ("redact(x'0102', 1)", .text("***")), ("redact(NULL, 2)", .null),
            ("redact('ab', 5)", .text("ab")), ("redact('ab', 0)", .text("**")),
        ] as [(String, Value)]
    )
    func functions(_ expression: String, _ expected: Value) throws {
        #expect(try value(expression) == expected)
    }

    @Test("a number is hashed as the text that SQLite makes of it")
    func numbersAsText() throws {
        let transform = try RowTransform(
            TransformSettings(set: ["same": "sha256(credit) = sha256(CAST(credit AS TEXT))"]),
            schema: Customers.schema
        )
        let reals = [0.5, 1.5e20, -1e300, 1e-7, 0.1 + 0.2, 123_456_789.125, 5e15, .infinity, -.infinity, 1e-5]
        for value in reals.map(Value.real) + [.integer(.min), .integer(0)] {
            var row = Customers.ada
            row[4] = value
            #expect(try transform.row(row)?.values.last == .integer(1), "\(value)")
        }
    }

    @Test("a failure names the setting, the expression and its columns, and no value")
    func failures() throws {
        var row = Customers.ada
        row[1] = .text("{secret")
        row[0] = .integer(.min)
        for (settings, expected) in [
            (
                TransformSettings(set: ["name": "json_extract(name, '$.a')", "credit": "credit + 1"]),
                "set.name «json_extract(name, '$.a')» (reads name): malformed JSON"
            ),
            (TransformSettings(where: "abs(id) > 0"), "where «abs(id) > 0» (reads id): integer overflow"),
            (
                TransformSettings(set: ["name": "json_extract('{}', name || country)"]),
                "set.name «json_extract('{}', name || country)» (reads name, country): SQLite cannot evaluate it "
                    + "(result code 1)"
            ),
            (
                TransformSettings(set: ["name": "redact(name, country)"]),
                "set.name «redact(name, country)» (reads name, country): the second argument of redact() has to be a "
                    + "whole number, 0 or more"
            ),
        ] {
            let transform = try RowTransform(settings, schema: Customers.schema)
            let failure = #expect(throws: TransformFailure.self) { _ = try transform.row(row) }
            #expect(failure?.description == expected)
        }
    }

    @Test("after a row that failed the next one is evaluated as if nothing had been")
    func goesOn() throws {
        let set = ["name": "json_extract(name, '$.a')"]
        let transform = try RowTransform(TransformSettings(set: set), schema: Customers.schema)
        #expect(throws: TransformFailure.self) { _ = try transform.row(Customers.ada) }
        var good = Customers.ada
        good[1] = .text("{\"a\": 1}")
        #expect(try transform.row(good)?[1] == .integer(1))
    }

    @Test("a value that asks for the clock at run time is a failure, not a silent difference")
    func clockFromData() throws {
        var row = Customers.ada
        row[1] = .text("now")
        let transform = try RowTransform(TransformSettings(set: ["day": "date(name)"]), schema: Customers.schema)
        let failure = #expect(throws: TransformFailure.self) { _ = try transform.row(row) }
        #expect(failure?.reason == "it asks for the time, which no transform may")
        row[1] = .text("2024-02-29 12:00")
        #expect(try transform.row(row)?.values.last == .text("2024-02-29"))
    }

    @Test("a row that where keeps out does not fail by what set would have made of it")
    func conditionFirst() throws {
        let settings = TransformSettings(where: "json_valid(name)", set: ["a": "json_extract(name, '$.a')"])
        #expect(try row(settings) == nil)
    }

    @Test("absent values stay absent, make what reads no others absent, and are an error where where reads them")
    func absentValues() throws {
        var partial = Customers.ada
        partial[1] = nil
        let set = ["email": "lower(email)", "name": "upper(name)", "both": "name || name"]
        let transform = try RowTransform(TransformSettings(where: "country = 'GB'", set: set), schema: Customers.schema)
        let values = try transform.row(partial)?.values
        #expect(values == [.integer(1), nil, .text("ada@example.org"), .text("GB"), .integer(1200), nil])
        partial[3] = nil
        let failure = #expect(throws: TransformFailure.self) { _ = try transform.row(partial) }
        #expect(failure?.setting == "where")
        #expect(
            failure?.reason
                == "the change does not say what “country” holds; the source has to send whole rows"
        )
    }

    @Test("what reads an absent value beside one that is there is an error, unless where keeps the row out")
    func partlyAbsentValues() throws {
        var partial = Customers.ada
        partial[1] = nil
        let set = ["both": "name || country"]
        let transform = try RowTransform(TransformSettings(where: "country = 'GB'", set: set), schema: Customers.schema)
        let failure = #expect(throws: TransformFailure.self) { _ = try transform.row(partial) }
        #expect(failure?.setting == "set.both")
        #expect(transform.reads == ["country", "name"])
        partial[3] = .text("CZ")
        #expect(try transform.row(partial) == nil)
    }

    @Test("text that is no valid UTF-8 passes byte for byte, and expressions can hash it")
    func malformedText() throws {
        var row = Customers.ada
        row[1] = .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0x61, 0xff]))
        let settings = TransformSettings(where: "length(name) > 0", set: ["h": "sha256(name) = sha256(x'61ff')"])
        let result = try RowTransform(settings, schema: Customers.schema).row(row)
        #expect(result?[1] == row[1])
        #expect(result?.values.last == .integer(1))
    }

    @Test("columns with awkward names can be read, set and dropped")
    func awkwardNames() throws {
        let schema = TableSchema(
            name: TableName("select \"x\""),
            columns: ["order", "größe", "a \"b\"", "rowid", "tally", "text"].enumerated().map {
                Column(id: $0 + 1, name: $1, declaredType: $0 == 0 ? "unsigned big int" : "")
            },
            key: [0]
        )
        let settings = TransformSettings(
            where: "\"order\" > 0 AND tally = 5",
            set: ["größe": "größe + 1", "sum": "rowid + [a \"b\"]", "cast": "CAST(rowid AS text)"],
            drop: ["a \"b\""]
        )
        let transform = try RowTransform(settings, schema: schema)
        let row = Row([.integer(1), .integer(2), .integer(3), .integer(4), .integer(5), nil])
        #expect(transform.output.columns.map(\.name) == ["order", "größe", "rowid", "tally", "text", "cast", "sum"])
        #expect(
            try transform.row(row)?.values
                == [.integer(1), .integer(3), .integer(4), .integer(5), nil, .text("4"), .integer(7)]
        )
    }

    @Test("values of types that SQLite lacks are read as their text and pass untouched")
    func foreignTypes() throws {
        var row = Customers.ada
        row[1] = .boolean(true)
        row[4] = .decimal("12.50")
        let settings = TransformSettings(where: "name = 1", set: ["more": "credit + 1"])
        let result = try RowTransform(settings, schema: Customers.schema).row(row)
        #expect(result?[4] == .decimal("12.50"))
        #expect(result?.values.last == .real(13.5))
    }
}
