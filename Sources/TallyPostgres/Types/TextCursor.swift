/// Reads a text of the server's from left to right.
struct TextCursor {
    let bytes: UnsafeRawBufferPointer
    var offset = 0

    var isAtEnd: Bool { offset == bytes.count }

    /// The byte that comes next; zero, which no text of the server's holds, at the end.
    @inline(__always)
    var peek: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    mutating func take(_ text: StaticString) -> Bool {
        let size = text.utf8CodeUnitCount
        guard bytes.count - offset >= size else { return false }
        for index in 0..<size where bytes[offset + index] != text.utf8Start[index] { return false }
        offset += size
        return true
    }

    /// A run of digits; `nil` where there is none, or more than 64 bits hold.
    @inline(__always)
    mutating func digits() -> Int64? {
        let start = offset
        var number: Int64 = 0
        while offset < bytes.count {
            let digit = bytes[offset] &- 0x30
            guard digit < 10 else { break }
            if offset - start < 18 {
                number = number &* 10 &+ Int64(digit)
            } else {
                let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
                let (sum, isStillTooLarge) = product.addingReportingOverflow(Int64(digit))
                if isTooLarge || isStillTooLarge { return nil }
                number = sum
            }
            offset += 1
        }
        return offset > start ? number : nil
    }

    /// A fraction of a second in microseconds; 0 where no point comes. `nil` for more than six digits, or none.
    mutating func fraction() -> Int64? {
        guard take(UInt8(ascii: ".")) else { return 0 }
        let start = offset
        guard var number = digits(), offset - start <= 6 else { return nil }
        for _ in 0..<6 - (offset - start) { number *= 10 }
        return number
    }
}
