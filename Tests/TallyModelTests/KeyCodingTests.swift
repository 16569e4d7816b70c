import TallyModel
import Testing

struct KeyCodingTests {
    @Test func everyKindOfKeyComesBackAsItWas() throws {
        for value in RowCodingTests.samples {
            #expect(try KeyCoding.decode(KeyCoding.encode(Row([value]))) == Row([value]))
            let several = Row([value, .integer(-7), value, .text("7")])
            #expect(try KeyCoding.decode(KeyCoding.encode(several)) == several)
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func bytesStandInTheOrderOfNumbersMomentsAndUUIDs(seed: UInt64) {
        var generator = RowCodingTests.Generator(state: seed)
        // Small ones, neighbours and those of any size.
        let numbers =
            [Int64.min, -256, -255, -1, 0, 1, 255, 256, .max]
            + (0..<50).map { _ in
                Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0..<63, using: &generator)
            }
        let kinds: [(Int64) -> Value] = [
            { .integer($0) }, { .time(microseconds: $0) }, { .timestamp(microseconds: $0, isZoned: false) },
            { .timestamp(microseconds: $0, isZoned: true) }, { .date(days: Int32(truncatingIfNeeded: $0 >> 32)) },
        ]
        for left in numbers {
            for right in numbers {
                for kind in kinds where kind(left) != kind(right) {
                    #expect(isOrdered([kind(left)], [kind(right)]) == (left < right), "\(kind(left)), \(kind(right))")
                }
                if left != right {
                    #expect(isOrdered([.integer(left), .text("b")], [.integer(right), .text("a")]) == (left < right))
                }
                let (low, high) = (UInt64(bitPattern: left), UInt64(bitPattern: right))
                if low != high {
                    #expect(isOrdered([.uuid(high: low, low: 1)], [.uuid(high: high, low: 0)]) == (low < high))
                }
            }
        }
    }

    private func isOrdered(_ left: [Value], _ right: [Value]) -> Bool {
        KeyCoding.encode(Row(left)).lexicographicallyPrecedes(KeyCoding.encode(Row(right)))
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func damagedBytesAreRefusedOrReadAndNeverTrap(seed: UInt64) {
        var generator = RowCodingTests.Generator(state: seed)
        var refused = 0
        for _ in 0..<200 {
            var bytes = KeyCoding.encode(Row(RowCodingTests.samples.shuffled(using: &generator)))
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
            do {
                // What is read must be a key that can be written again.
                let key = try KeyCoding.decode(bytes)
                #expect(KeyCoding.encode(key).count <= bytes.count)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 0, "seed \(seed)")
    }
}
