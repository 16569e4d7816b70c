/// Numbers and bytes as text, and the search for bytes that a form has to escape.
extension ByteWriter {
    mutating func appendDigits(_ integer: Int64) {
        if integer < 0 { append(UInt8(ascii: "-")) }
        appendDigits(integer.magnitude)
    }

    mutating func appendDigits(_ number: UInt64) {
        if number < 10 { return append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number)) }
        var width = 1
        var limit = number
        while limit >= 10 {
            limit /= 10
            width += 1
        }
        appendDigits(number, width: width)
    }

    /// With zeros in front where it has fewer than `width` digits; it must not have more.
    @inline(__always)
    mutating func appendDigits(_ number: UInt64, width: Int) {
        append(upTo: width) { place in
            var rest = number
            for index in stride(from: width - 1, through: 0, by: -1) {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                place[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
                rest = quotient
            }
            return width
        }
    }

    mutating func appendHex(_ bytes: UnsafeRawBufferPointer) {
        append(upTo: bytes.count * 2) { place in
            for (index, byte) in bytes.enumerated() {
                place[2 * index] = Self.hexDigit(byte >> 4)
                place[2 * index + 1] = Self.hexDigit(byte & 15)
            }
            return bytes.count * 2
        }
    }

    @inline(__always)
    static func hexDigit(_ digit: UInt8) -> UInt8 { digit < 10 ? digit + 0x30 : digit + 0x57 }

    /// What a digit of hexadecimal stands for.
    @inline(__always)
    static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }

    /// Whether a zero byte is among those from `mark` on.
    @inline(__always)
    borrowing func hasZero(from mark: Int) -> Bool {
        withBytes(from: mark) { $0.hasZero }
    }

    /// Whether a backslash or a control character is among the bytes from `mark` on.
    @inline(__always)
    borrowing func needsCopyEscapes(from mark: Int) -> Bool {
        withBytes(from: mark) { $0.firstCopySpecial(from: 0) < $0.count }
    }
}
