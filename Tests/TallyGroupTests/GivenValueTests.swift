import TallyGroup
import TallyModel
import Testing

/// Values as people write them on a command line.
@Suite struct GivenValueTests {
    private func value(_ text: String, _ type: String = "", like example: Value? = nil) throws(Refusal) -> Value {
        try GivenValue(text).value(for: Column(id: 1, name: "c", declaredType: type), like: [example])
    }

    @Test func `A value is read as the kind that the column holds`() throws {
        #expect(try value("5", like: .integer(1)) == .integer(5))
        #expect(try value("5", like: .text("a")) == .text("5"))
        #expect(try value("5", like: .real(1)) == .real(5))
        #expect(try value("5.50", like: .decimal("1")) == .decimal("5.50"))
        #expect(try value("true", like: .boolean(false)) == .boolean(true))
        #expect(try value("[1,2]", like: .json("{}")) == .json("[1,2]"))
        #expect(try value("x'00fF'", like: .bytes([])) == .bytes([0, 255]))
        #expect(try value("2024-02-29", like: .date(days: 0)) == .date(days: 19_782))
        #expect(
            try value("1970-01-02 00:00:01.5", like: .timestamp(microseconds: 0, isZoned: false))
                == .timestamp(microseconds: 86_401_500_000, isZoned: false)
        )
        #expect(
            try value("00000000-0000-0001-0000-000000000002", like: .uuid(high: 9, low: 9)) == .uuid(high: 1, low: 2)
        )
    }

    @Test func `NULL is null, and in quotes a text`() throws {
        #expect(try value("NULL", like: .integer(1)) == .null)
        #expect(try value("'NULL'", like: .text("")) == .text("NULL"))
        #expect(try value("'it''s'", like: .text("")) == .text("it's"))
        let key = Column(id: 1, name: "c", isNullable: false)
        #expect(throws: Refusal(.invalid, "c takes no NULL")) { try GivenValue("NULL").value(for: key, like: []) }
    }

    @Test func `Where the column holds nothing, its type decides`() throws {
        #expect(try value("5", "INTEGER", like: .null) == .integer(5))
        #expect(try value("5", "VARCHAR(10)") == .text("5"))
        #expect(try value("5", "double precision") == .real(5))
        #expect(try value("5.5", "NUMERIC", like: .integer(5)) == .real(5.5))
    }

    @Test(arguments: [
        ("many", Value.integer(1), "INTEGER", "a whole number"),
        ("1.5", .integer(1), "INTEGER", "a whole number"),
        ("yes", .boolean(true), "boolean", "true or false"),
        ("{", .json("{}"), "json", "JSON"),
        ("1e5", .decimal("1"), "numeric", "a number in plain digits, like -12.50"),
    ])
    func `What does not fit says what would`(text: String, example: Value, type: String, form: String) {
        #expect(throws: Refusal(.invalid, "c: “\(text)” does not fit; it takes \(form)")) {
            try value(text, type, like: example)
        }
    }
}
