import TallyModel

/// UUIDs and bytes as texts.
enum BinaryText {
    /// A UUID in any spelling that PostgreSQL reads: capitals or not, in braces or not, a hyphen after any four digits or none.
    static func uuid(_ text: String) -> Value? {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "{") {
            guard digits.last == UInt8(ascii: "}") else { return nil }
            digits = digits.dropFirst().dropLast()
        }
        var bytes: [UInt8] = []
        var count = 0
        var wasHyphen = false
        for byte in digits {
            if byte == UInt8(ascii: "-"), count > 0, count < 32, count % 4 == 0, !wasHyphen {
                wasHyphen = true
                continue
            }
            guard let digit = value(of: byte), count < 32 else { return nil }
            if count % 2 == 0 { bytes.append(digit << 4) } else { bytes[count / 2] |= digit }
            count += 1
            wasHyphen = false
        }
        return count == 32 && !wasHyphen ? uuid(bytes) : nil
    }

    /// A UUID of its sixteen bytes.
    static func uuid(_ bytes: [UInt8]) -> Value? {
        guard bytes.count == 16 else { return nil }
        func half(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return .uuid(high: half(bytes[..<8]), low: half(bytes[8...]))
    }

    /// Bytes as PostgreSQL writes them in an array: `\x00ff`.
    static func hexadecimal(_ text: String) -> [UInt8]? {
        guard text.hasPrefix("\\x"), text.utf8.count.isMultiple(of: 2) else { return nil }
        let digits = text.utf8.dropFirst(2).compactMap(value)
        guard digits.count == text.utf8.count - 2 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
