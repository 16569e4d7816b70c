import TallyModel
import TallyPostgres
import Testing

@Suite("Bytes that are no value", .timeLimit(.minutes(15)))
struct DamagedValueTests {
    private static let scalars: [ValueShape] = [
        .boolean, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .bytea, .date, .time, .timestamp,
        .timestamptz,
        .interval, .uuid, .json, .jsonb, .other,
    ]
    private static let shapes = scalars + scalars.map { .array(element: $0, elementType: 0) }

    private func decode(_ bytes: [UInt8], as shape: ValueShape, binary: Bool) -> Result<Value, any Error> {
        Result {
            try bytes.withUnsafeBytes {
                binary
                    ? try ValueDecoding.decodeBinary($0, as: shape, typeName: "t")
                    : try ValueDecoding.decodeText($0, as: shape, typeName: "t")
            }
        }
    }

    @Test("are told, and never trap", arguments: [1, 2, 3, 4] as [UInt64])
    func noise(seed: UInt64) {
        var random = SeededNumbers(seed: seed)
        let letters = Array("0123456789-+:. BCPYMDTHSinftyxe{}[]\"\\,=NULL\u{7f}".utf8) + [0, 0xff, 0xc3]
        var values = 0
        for _ in 0..<20_000 {
            let shape = Self.shapes[Int.random(in: 0..<Self.shapes.count, using: &random)]
            let isBinary = Bool.random(using: &random)
            let size = Int.random(in: 0...40, using: &random)
            let bytes = (0..<size).map { _ in
                isBinary
                    ? UInt8.random(in: 0...(Bool.random(using: &random) ? 2 : 255), using: &random)
                    : letters[Int.random(in: 0..<letters.count, using: &random)]
            }
            switch decode(bytes, as: shape, binary: isBinary) {
            case .success: values += 1
            case .failure(let error): #expect((error as? StoreError)?.code == .damaged)
            }
        }
        // Texts and bytes are values whatever they hold.
        #expect(values > 1000)
    }

    @Test("are told where a value is cut short or goes on")
    func lengths() throws {
        let samples: [(Value, ValueShape)] = [
            (.integer(5), .int4), (.real(1), .float8), (.decimal("-123456.789"), .numeric), (.date(days: 3), .date),
            (.timestamp(microseconds: 7, isZoned: true), .timestamptz), (.uuid(high: 1, low: 2), .uuid),
            (.interval(Interval(months: 1, days: 2, microseconds: 3)), .interval),
            (.array([.integer(1), .null]), .array(element: .int8, elementType: 20)),
        ]
        for (value, shape) in samples {
            var writer = ByteWriter()
            #expect(try ValueEncoding.appendBinary(value, as: shape, to: &writer))
            let bytes = writer.array
            #expect(try decode(bytes, as: shape, binary: true).get() == value)
            for damaged in [Array(bytes.dropLast()), bytes + [0], []] {
                #expect(throws: StoreError.self) { try decode(damaged, as: shape, binary: true).get() }
            }
        }
    }

    @Test("of a text that is no UTF-8 are kept as they are")
    func malformedText() throws {
        let bytes: [UInt8] = [0x61, 0xff, 0x62]
        for binary in [true, false] {
            let value = try decode(bytes, as: .text, binary: binary).get()
            #expect(value == .other(OtherValue(typeName: OtherValue.malformedText, bytes: bytes)))
        }
    }
}
