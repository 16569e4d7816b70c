import TallyModel
import Testing

struct RowCodingTests {
    /// The generator of these tests (Steele, Lea, Flood 2014), so that a seed names one run.
    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    static let samples: [Value] = [
        .null, .boolean(true), .boolean(false), .integer(.min), .integer(.max), .real(-0.0), .real(.infinity),
        .real(.leastNonzeroMagnitude), .decimal("-12.50"), .text(""), .text("naïve 🎼 \u{0}"), .bytes([]),
        .bytes([0, 255]),
        .date(days: -1), .time(microseconds: 86_399_999_999), .timestamp(microseconds: -1, isZoned: false),
        .timestamp(microseconds: 1, isZoned: true), .interval(Interval(months: -1, days: 2, microseconds: 3)),
        .uuid(high: .max, low: 0), .json("{}"), .array([.null, .array([.integer(1)]), .text("x")]),
        .other(OtherValue(typeName: OtherValue.malformedText, bytes: [0xff])),
    ]

    @Test func everyKindOfValueComesBackAsItWas() throws {
        let row = Row(Self.samples + [nil])
        #expect(try RowCoding.decode(RowCoding.encode(row)) == row)
    }

    @Test func notANumberComesBackBitForBit() throws {
        let quiet = Double(bitPattern: 0x7ff8_0000_0000_beef)
        let row = try RowCoding.decode(RowCoding.encode(Row([.real(quiet)])))
        guard case .real(let value)? = row[0] else {
            Issue.record("not a real")
            return
        }
        #expect(value.bitPattern == quiet.bitPattern)
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func randomRowsComeBackAsTheyWere(seed: UInt64) throws {
        var generator = Generator(state: seed)
        for _ in 0..<40 {
            let row = Row(
                (0..<Int.random(in: 0...8, using: &generator)).map { _ in
                    Bool.random(using: &generator) ? Self.samples.randomElement(using: &generator) : nil
                }
            )
            #expect(try RowCoding.decode(RowCoding.encode(row)) == row, "seed \(seed)")
        }
    }

    @Test func absentIsNotNull() throws {
        #expect(RowCoding.encode(Row([nil])) != RowCoding.encode(Row([.null])))
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func damagedBytesAreRefusedOrReadAndNeverTrap(seed: UInt64) {
        var generator = Generator(state: seed)
        var refused = 0
        for _ in 0..<200 {
            var bytes = RowCoding.encode(Row(Self.samples.shuffled(using: &generator)))
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            do {
                // What is read must be a row that can be written again.
                let row = try RowCoding.decode(bytes)
                #expect(RowCoding.encode(row).count <= bytes.count)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0, "seed \(seed)")
    }

    @Test func lengthsThatPromiseMoreThanThereIsAreRefused() {
        #expect(throws: RowCoding.Malformed.self) { try RowCoding.decode([0xff, 0xff, 0xff, 0xff]) }
        #expect(throws: RowCoding.Malformed.self) { try RowCoding.decode([1, 0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff]) }
        #expect(throws: RowCoding.Malformed.self) { try RowCoding.decode([1, 0, 0]) }
    }

    @Test func arraysThatNestWithoutEndAreRefused() {
        var bytes: [UInt8] = [1, 0, 0, 0]
        for _ in 0..<100_000 { bytes += [16, 1, 0, 0, 0] }
        #expect(throws: RowCoding.Malformed.self) { try RowCoding.decode(bytes) }
    }

    @Test func bytesBehindTheRowAreRefused() {
        #expect(throws: RowCoding.Malformed.self) { try RowCoding.decode(RowCoding.encode(Row([.null])) + [0]) }
    }
}
