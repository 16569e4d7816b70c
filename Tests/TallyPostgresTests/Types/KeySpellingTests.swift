import TallyModel
import TallyPostgres
import Testing

@Suite("Which keys of SQLite are written")
struct KeySpellingTests {
    private func isWritten(_ value: Value, declared: String, as shape: ValueShape) throws -> Bool {
        let definition = NativeDefinition(kind: "sqlite", table: "")
        let column = Column(id: 0, name: "k", declaredType: declared)
        return try #require(KeySpelling(column, of: definition, as: shape)).problem(with: value) == nil
    }

    @Test("a moment in the one spelling that Tally itself gives it")
    func moments() throws {
        let spellings: [(ValueShape, written: [String], refused: [String])] = [
            (
                .date, ["2024-02-29", "0044-03-15 BC", "infinity"],
                ["2024-2-29", "2023-02-29", "0000-01-01", "20240229", ""]
            ),
            (
                .time, ["00:00:00", "24:00:00", "13:45:00.5"],
                ["13:45", "13:45:00.50", "13:45:60", "1:00:00", "infinity"]
            ),
            (
                .timestamp, ["2024-02-29 13:45:00", "2024-02-29 13:45:00.000001", "-infinity"],
                [
                    "2024-02-29T13:45:00", "2024-02-29 13:45:00Z", "2024-02-29 13:45:00.000", "2024-02-29 24:00:00",
                    "2024-02-29 13:45:00+00", "2024-02-29", "2024-02-29 13:45:00.0000001",
                ]
            ),
            (
                .timestamptz, ["2024-02-29 13:45:00Z", "2024-02-29 13:45:00.5Z"],
                [
                    "2024-02-29 13:45:00", "2024-02-29 13:45:00+01", "2024-02-29 13:45:00.50Z", "2024-02-29 13:45:00 Z",
                    "Z",
                ]
            ),
        ]
        for (shape, written, refused) in spellings {
            for text in written { #expect(try isWritten(.text(text), declared: "TIMESTAMP", as: shape), "\(text)") }
            for text in refused { #expect(try !isWritten(.text(text), declared: "TIMESTAMP", as: shape), "\(text)") }
        }
    }

    @Test("a text beside numbers where no number is written like it")
    func texts() throws {
        for text in ["1", "-1", "0", "1.5", "1e+20", "-0.0", "Infinity", "9223372036854775807"] {
            #expect(try !isWritten(.text(text), declared: "", as: .text), "\(text)")
            #expect(try isWritten(.text(text), declared: "VARCHAR(20)", as: .text), "\(text)")
        }
        for text in ["", "01", "+1", "1.", "1.50", " 1", "-", "infinity", "0x10", "9223372036854775808"] {
            #expect(try isWritten(.text(text), declared: "", as: .text), "\(text)")
        }
        #expect(try isWritten(.text("12"), declared: "TEXT", as: .int8))
        #expect(try !isWritten(.text("012"), declared: "TEXT", as: .int8))
        #expect(try !isWritten(.text("12"), declared: "", as: .int8))
    }

    @Test("a number that the type holds as it is")
    func numbers() throws {
        #expect(try isWritten(.integer(9_007_199_254_740_992), declared: "", as: .float8))
        #expect(try !isWritten(.integer(9_007_199_254_740_993), declared: "", as: .float8))
        #expect(try !isWritten(.integer(.max), declared: "", as: .float8))
        #expect(try !isWritten(.real(0.1), declared: "", as: .float4))
        #expect(try isWritten(.real(0.1), declared: "", as: .numeric))
        #expect(try !isWritten(.real(1e17), declared: "", as: .numeric))
    }

    @Test("a key of another kind of store, whatever it is")
    func others() {
        let column = Column(id: 0, name: "k", declaredType: "text")
        #expect(KeySpelling(column, of: NativeDefinition(kind: "postgres", table: ""), as: .uuid) == nil)
        #expect(KeySpelling(column, of: nil, as: .uuid) == nil)
    }
}
