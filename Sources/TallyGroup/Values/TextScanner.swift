/// Reads a text from its beginning, byte by byte.
struct TextScanner {
    private let bytes: [UInt8]
    private var offset = 0

    /// Without spaces around it, which PostgreSQL passes over.
    init(_ text: String) {
        bytes = Array(text.trimmingSpaces.utf8)
    }

    var isAtEnd: Bool { offset == bytes.count }
    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    mutating func skip(_ characters: String) -> Bool {
        guard let next, characters.utf8.contains(next) else { return false }
        offset += 1
        return true
    }

    /// Whether a word comes next, in capitals or not.
    mutating func skip(word: String) -> Bool {
        let some = bytes[offset...].prefix(word.utf8.count)
        guard some.count == word.utf8.count, zip(some, word.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) else {
            return false
        }
        offset += some.count
        return true
    }

    mutating func skipSpaces() { while skip(" ") {} }

    /// A whole number without a sign, of so many digits.
    mutating func number(_ digits: ClosedRange<Int>) -> Int64? {
        let start = offset
        var number: Int64 = 0
        while let next, (0x30...0x39).contains(next) {
            guard offset - start < digits.upperBound else { return nil }
            number = number * 10 + Int64(next - 0x30)
            offset += 1
        }
        return digits.contains(offset - start) ? number : nil
    }

    /// What follows a point, in millionths, to the nearest; 0 where there is no point.
    mutating func millionths() -> Int64? {
        guard skip(".") else { return 0 }
        let start = offset
        while let next, (0x30...0x39).contains(next) { offset += 1 }
        // A point may stand there without digits.
        let digits = "0." + String(decoding: bytes[start..<offset], as: UTF8.self) + "0"
        return Double(digits).map { Int64(($0 * 1_000_000).rounded(.toNearestOrEven)) }
    }

    /// The letters that come next, in small ones.
    mutating func word() -> String {
        let start = offset
        while let next, (0x61...0x7a).contains(next | 0x20) { offset += 1 }
        return String(decoding: bytes[start..<offset], as: UTF8.self).lowercased()
    }
}

extension String {
    /// Without the spaces, tabs and line ends around it.
    var trimmingSpaces: String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        guard let first = utf8.first, let last = utf8.last, isSpace(first) || isSpace(last) else { return self }
        let bytes = Array(utf8)
        let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
        let end = (bytes.lastIndex { !isSpace($0) } ?? start - 1) + 1
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}
