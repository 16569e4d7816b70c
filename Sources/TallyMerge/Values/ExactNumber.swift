/// A decimal number of any precision: enough arithmetic to add and to compare.
struct ExactNumber: Sendable, Hashable {
    /// False for zero.
    private(set) var isNegative: Bool
    /// Most significant first, no leading zeros; empty for zero.
    private(set) var digits: [UInt8]
    /// How many of the digits follow the point; it is kept through additions, as `1.50` is not `1.5` to a database.
    private(set) var scale: Int

    private init(isNegative: Bool, digits: some Sequence<UInt8>, scale: Int) {
        self.digits = Array(digits.drop { $0 == 0 })
        self.isNegative = isNegative && !self.digits.isEmpty
        self.scale = scale
    }

    /// A number in plain digits: `-12.50`, `+7`, `.5`; nil for anything else.
    init?(_ text: String) {
        var bytes = Substring(text).utf8
        let sign = bytes.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { bytes.removeFirst() }
        var digits: [UInt8] = []
        var point: Int?
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: ".") where point == nil: point = digits.count
            default: return nil
            }
        }
        guard !digits.isEmpty else { return nil }
        let scale = digits.count - (point ?? digits.count)
        self.init(isNegative: sign == UInt8(ascii: "-"), digits: digits, scale: scale)
    }

    init(_ integer: some BinaryInteger) {
        var magnitude = integer.magnitude
        var reversed: [UInt8] = []
        while magnitude > 0 {
            reversed.append(UInt8(magnitude % 10))
            magnitude /= 10
        }
        self.init(isNegative: integer < 0, digits: reversed.reversed(), scale: 0)
    }

    /// What the double is exactly; nil for infinities and NaN.
    init?(exactly real: Double) {
        guard real.isFinite else { return nil }
        // A double is an integer times a power of two; each halving is a multiplication by five, one place further down.
        let power = real == 0 ? 0 : Int(real.exponent) - 52
        var digits = ExactNumber(UInt64(real.significandBitPattern | (real.isNormal ? 1 << 52 : 0))).digits
        let exponent = real.isNormal ? power : -1074
        for _ in 0..<abs(exponent) { digits = ExactNumber.product(of: digits, and: exponent > 0 ? 2 : 5) }
        self.init(isNegative: real < 0, digits: digits, scale: exponent < 0 ? -exponent : 0)
    }

    var negated: ExactNumber { ExactNumber(isNegative: !isNegative, digits: digits, scale: scale) }

    /// The number in plain digits.
    var text: String {
        var bytes = Array(repeating: UInt8(0), count: max(0, scale + 1 - digits.count)) + digits
        for index in bytes.indices { bytes[index] += UInt8(ascii: "0") }
        if scale > 0 { bytes.insert(UInt8(ascii: "."), at: bytes.count - scale) }
        return (isNegative ? "-" : "") + String(decoding: bytes, as: UTF8.self)
    }

    static func + (left: ExactNumber, right: ExactNumber) -> ExactNumber {
        let scale = max(left.scale, right.scale)
        let (mine, other) = (left.digits(atScale: scale), right.digits(atScale: scale))
        if left.isNegative == right.isNegative {
            return ExactNumber(isNegative: left.isNegative, digits: sum(of: mine, and: other), scale: scale)
        }
        return isLess(mine, other)
            ? ExactNumber(isNegative: right.isNegative, digits: difference(of: other, and: mine), scale: scale)
            : ExactNumber(isNegative: left.isNegative, digits: difference(of: mine, and: other), scale: scale)
    }

    /// Below zero, zero or above it as this number is less than, equal to or greater than the other.
    func compared(to other: ExactNumber) -> Int {
        let difference = self + other.negated
        return difference.digits.isEmpty ? 0 : difference.isNegative ? -1 : 1
    }

    private func digits(atScale scale: Int) -> [UInt8] {
        digits.isEmpty ? [] : digits + Array(repeating: 0, count: scale - self.scale)
    }

    private static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    private static func sum(of left: [UInt8], and right: [UInt8]) -> [UInt8] {
        var reversed: [UInt8] = []
        var carry: UInt8 = 0
        for place in 1...max(left.count, right.count, 1) {
            let sum = digit(left, place) + digit(right, place) + carry
            reversed.append(sum % 10)
            carry = sum / 10
        }
        if carry > 0 { reversed.append(carry) }
        return reversed.reversed()
    }

    /// - Parameter left: The greater of the two.
    private static func difference(of left: [UInt8], and right: [UInt8]) -> [UInt8] {
        var reversed: [UInt8] = []
        var borrow: UInt8 = 0
        for place in 1...max(left.count, 1) {
            let taken = digit(right, place) + borrow
            borrow = digit(left, place) < taken ? 1 : 0
            reversed.append(digit(left, place) + 10 * borrow - taken)
        }
        return reversed.reversed()
    }

    private static func product(of digits: [UInt8], and factor: UInt8) -> [UInt8] {
        var result = digits
        var carry: UInt8 = 0
        for index in digits.indices.reversed() {
            let product = digits[index] * factor + carry
            result[index] = product % 10
            carry = product / 10
        }
        return carry > 0 ? [carry] + result : result
    }

    /// - Parameter place: From the end, counted from 1.
    private static func digit(_ digits: [UInt8], _ place: Int) -> UInt8 {
        place <= digits.count ? digits[digits.count - place] : 0
    }
}
