import TallyModel
import TallyPostgres
import Testing

@Suite("Random values", .timeLimit(.minutes(15)))
struct RandomValueTests {
    private static let definition = """
        (id int PRIMARY KEY, n numeric, ts timestamp, tz timestamptz, f8 float8, f4 float4, t text, b bytea,
         d date, i interval, c time, a int[], ta text[], na numeric[], j json)
        """

    @Test("are the same in the server whichever form they are written in, and the same when read back")
    func sameInBothForms() async throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = SeededNumbers(seed: seed)
        let rows = (0..<4000).map { Self.row($0, &random) }
        try await TypeServer.with { server in
            for table in ["b", "t", "a"] {
                _ = try server.connection.execute("CREATE TABLE \(table) \(Self.definition)")
            }
            try server.copyIn(rows, to: "b", .binary)
            try server.copyIn(rows, to: "t", .text)
            try server.insertArrays(rows, to: "a")
            let digest = { (table: String) in "SELECT md5(string_agg(r::text, E'\\n' ORDER BY id)) FROM \(table) r" }
            let expected = try await server.psql(digest("b"))
            #expect(try await server.psql(digest("t")) == expected, "seed \(seed)")
            #expect(try await server.psql(digest("a")) == expected, "seed \(seed)")
            let encoded = rows.map(RowCoding.encode)
            for format in [CopyFormat.binary, .text] {
                let found = try server.rows(of: "b", format).map(RowCoding.encode)
                #expect(found == encoded, "\(format), seed \(seed)")
            }
            // What they are is judged by the server's own arithmetic.
            let shown = try await server.psql(
                """
                SELECT n, (extract(epoch FROM tz) * 1000000)::numeric(30,0), (d - '1970-01-01'::date),
                    encode(convert_to(t, 'UTF8'), 'hex') FROM b ORDER BY id
                """
            )
            #expect(shown == rows.map(Self.shown).joined(separator: "\n"), "seed \(seed)")
        }
    }

    private static func shown(_ row: Row) -> String {
        guard case .decimal(let n) = row[1], case .timestamp(let tz, _) = row[3], case .date(let d) = row[8],
            case .text(let t) = row[6]
        else { return "" }
        let hex = t.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(n)|\(tz)|\(d)|\(hex)"
    }

    private static func row(_ id: Int, _ random: inout SeededNumbers) -> Row {
        Row([
            .integer(Int64(id)), .decimal(decimal(&random)), .timestamp(microseconds: moment(&random), isZoned: false),
            .timestamp(microseconds: moment(&random), isZoned: true), .real(real(&random)),
            .real(Double(Float(bitPattern: float(&random)))), .text(text(&random)),
            .bytes((0..<Int.random(in: 0...20, using: &random)).map { _ in .random(in: 0...255, using: &random) }),
            .date(days: .random(in: -2_440_000...2_145_000_000, using: &random)),
            .interval(
                Interval(
                    months: .random(in: -2_000_000_000...2_000_000_000, using: &random),
                    days: Int32(truncatingIfNeeded: random.next()),
                    microseconds: Int64(truncatingIfNeeded: random.next() >> UInt64.random(in: 9...60, using: &random))
                        * (Bool.random(using: &random) ? 1 : -1)
                )
            ),
            .time(microseconds: .random(in: 0...86_400_000_000, using: &random)),
            array(&random) { .integer(Int64(Int32(truncatingIfNeeded: $0.next()))) },
            array(&random) { .text(text(&$0)) },
            array(&random) { .decimal(decimal(&$0)) },
            .json("{\"k\": [\(Int.random(in: 0...9, using: &random)), \"\\u00e9\\\\n\"]}"),
        ])
    }

    private static func decimal(_ random: inout SeededNumbers) -> String {
        func digits(_ most: Int) -> String {
            let zeros = Bool.random(using: &random)
            return (0..<Int.random(in: 0...most, using: &random))
                .map { _ in String(zeros && random.next() % 4 != 0 ? 0 : Int.random(in: 0...9, using: &random)) }
                .joined()
        }
        let most = random.next() % 20 == 0 ? 300 : 14
        var whole = String(digits(most).drop { $0 == "0" })
        if whole.isEmpty { whole = "0" }
        let fraction = digits(most)
        let isZero = (whole + fraction).allSatisfy { $0 == "0" }
        let sign = !isZero && Bool.random(using: &random) ? "-" : ""
        return sign + whole + (fraction.isEmpty ? "" : ".\(fraction)")
    }

    private static func moment(_ random: inout SeededNumbers) -> Int64 {
        // From 4713 BC to the year 294246.
        switch random.next() % 3 {
        case 0: .random(in: -210_800_000_000_000_000...9_223_372_036_854_775_806, using: &random)
        case 1: .random(in: -100_000_000_000_000_000...100_000_000_000_000_000, using: &random) / 1_000_000 * 1_000_000
        default: .random(in: -10_000_000...10_000_000, using: &random)
        }
    }

    private static func real(_ random: inout SeededNumbers) -> Double {
        switch random.next() % 8 {
        case 0:
            [0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude][
                Int(random.next() % 7)
            ]
        case 1: Double(bitPattern: random.next() & 0x800f_ffff_ffff_ffff)
        case 2: Double(Int64(truncatingIfNeeded: random.next()) >> 20) / 100
        default: finite(Double(bitPattern: random.next()))
        }
    }

    /// One NaN stands for all: the server keeps their bits apart in binary and not in text.
    private static func finite(_ real: Double) -> Double { real.isNaN ? 1 : real }

    private static func float(_ random: inout SeededNumbers) -> UInt32 {
        let bits = UInt32(truncatingIfNeeded: random.next())
        return Float(bitPattern: bits).isNaN ? Float.nan.bitPattern : bits
    }

    private static func text(_ random: inout SeededNumbers) -> String {
        let letters = [
            "a", "Z", " ", "\t", "\n", "\r", "\\", "\\N", "\\.", "\"", "'", "{", "}", ",", "é", "漢", "🎻", "\u{1}",
            "\u{7f}", "NULL",
        ]
        return (0..<Int.random(in: 0...30, using: &random)).map { _ in letters[Int(random.next() % 20)] }.joined()
    }

    private static func array(_ random: inout SeededNumbers, _ element: (inout SeededNumbers) -> Value) -> Value {
        let sizes = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 1...3, using: &random) }
        func make(_ sizes: ArraySlice<Int>) -> Value {
            guard let size = sizes.first else { return random.next() % 5 == 0 ? .null : element(&random) }
            return .array((0..<size).map { _ in make(sizes.dropFirst()) })
        }
        return sizes.isEmpty ? .array([]) : make(sizes[...])
    }
}
