/// The 64-bit FNV-1a hash (http://www.isthe.com/chongo/tech/comp/fnv/): the same in every process and for ever.
package struct StableHash {
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    package init() {}

    package mutating func combine(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    }

    package mutating func combine(_ integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.littleEndian) { combine($0) }
    }

    package mutating func combine(_ value: Value) {
        combine(RowCoding.encode(Row([value])))
    }
}
