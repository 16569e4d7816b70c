import TallyModel
import TallyPostgres
import Testing

@Suite("What other versions and settings of the server send", .timeLimit(.minutes(15)))
struct OtherServersTests {
    private func text(_ text: String, as shape: ValueShape) throws -> Value {
        try Array(text.utf8).withUnsafeBytes { try ValueDecoding.decodeText($0, as: shape, typeName: "t") }
    }

    @Test("includes intervals without end, since version 17")
    func infiniteIntervals() throws {
        var ends = ByteWriter()
        for (word, integer) in [("infinity", Int64.max), ("-infinity", .min)] {
            let other = Value.other(OtherValue(typeName: "t", bytes: Array(word.utf8)))
            #expect(try text(word, as: .interval) == other)
            ends.truncate(to: 0)
            ends.appendBigEndian(integer)
            ends.appendBigEndian(Int32(truncatingIfNeeded: integer >> 32))
            ends.appendBigEndian(Int32(truncatingIfNeeded: integer >> 32))
            let decoded = try ends.withBytes { try ValueDecoding.decodeBinary($0, as: .interval, typeName: "t") }
            #expect(decoded == other)
            var written = ByteWriter()
            try ValueEncoding.appendText(other, as: .interval, to: &written)
            #expect(written.array == Array(word.utf8))
        }
        // One that would be read as endless is not written in binary.
        let longest = Value.interval(Interval(months: .max, days: .max, microseconds: .max))
        var written = ByteWriter()
        #expect(try !ValueEncoding.appendBinary(longest, as: .interval, to: &written))
    }

    @Test("includes offsets of any time zone")
    func offsets() throws {
        for (shown, seconds) in [
            ("1970-01-02 00:00:00+00", 86_400), ("1970-01-02 00:00:00+05:30", 86_400 - 19_800),
            ("1970-01-02 00:00:00-08", 86_400 + 28_800), ("1970-01-02 00:00:00-00:44:30", 86_400 + 2670),
        ] as [(String, Int64)] {
            let value = try text(shown, as: .timestamptz)
            #expect(value == .timestamp(microseconds: seconds * 1_000_000, isZoned: true), "\(shown)")
        }
    }

    @Test("is an error where dates are not ISO, or bytes not hexadecimal")
    func settings() {
        let samples: [(String, ValueShape)] = [
            ("02/29/2024", .date), ("29.02.2024 10:00:00", .timestamp), ("1 year 2 mons", .interval),
            ("a\\001b", .bytea),
            ("1,5", .float8), ("true", .boolean),
        ]
        for (shown, shape) in samples {
            let error = #expect(throws: StoreError.self) { try text(shown, as: shape) }
            #expect(error?.code == .damaged)
        }
    }
}
