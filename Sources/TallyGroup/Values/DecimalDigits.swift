/// A decimal number as PostgreSQL's `numeric` reads and writes it: plain digits, with those behind the point that it was
/// given.
struct DecimalDigits: Hashable {
    private var isNegative: Bool
    /// Most significant first, without zeros in front; empty for zero.
    private var digits: [UInt8]
    /// How many of the digits stand behind the point.
    private(set) var scale: Int

    /// The largest number of digits on one side of the point that is written out.
    private static let most = 16383

    /// A number with or without an exponent: `-12.50`, `+7`, `.5`, `1.5e3`; `nil` for every other text.
    init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 | 0x20 == UInt8(ascii: "e") }
        guard var mantissa = parts.first else { return nil }
        isNegative = mantissa.first == UInt8(ascii: "-")
        if isNegative || mantissa.first == UInt8(ascii: "+") { mantissa = mantissa.dropFirst() }
        var all: [UInt8] = []
        var point: Int?
        for byte in mantissa {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): all.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: ".") where point == nil: point = all.count
            default: return nil
            }
        }
        var exponent = 0
        if parts.count > 1 {
            guard let number = Int(String(decoding: parts[1], as: UTF8.self)) else { return nil }
            exponent = number
        }
        guard !all.isEmpty, exponent.magnitude <= Self.most, all.count <= Self.most else { return nil }
        scale = all.count - (point ?? all.count) - exponent
        if scale < 0 {
            all += [UInt8](repeating: 0, count: -scale)
            scale = 0
        }
        guard scale <= Self.most else { return nil }
        digits = Array(all.drop { $0 == 0 })
        if digits.isEmpty { isNegative = false }
    }

    /// The number in plain digits: `0.50`, never `.50`, `+0.5` or `-0`.
    var text: String {
        var bytes = [UInt8](repeating: 0, count: max(0, scale + 1 - digits.count)) + digits
        for index in bytes.indices { bytes[index] += UInt8(ascii: "0") }
        if scale > 0 { bytes.insert(UInt8(ascii: "."), at: bytes.count - scale) }
        return (isNegative ? "-" : "") + String(decoding: bytes, as: UTF8.self)
    }

    /// How many digits stand in front of the point.
    var wholeDigits: Int { max(0, digits.count - scale) }

    /// Without zeros at the end behind the point.
    var stripped: DecimalDigits {
        var number = self
        while number.scale > 0, number.digits.last ?? 0 == 0 {
            if !number.digits.isEmpty { number.digits.removeLast() }
            number.scale -= 1
        }
        return number
    }

    /// With so many digits behind the point, halves rounded away from zero as PostgreSQL does.
    func rounded(toScale scale: Int) -> DecimalDigits {
        var number = self
        number.scale = scale
        if scale >= self.scale {
            if !digits.isEmpty { number.digits += [UInt8](repeating: 0, count: scale - self.scale) }
            return number
        }
        let surplus = self.scale - scale
        let padded = [UInt8](repeating: 0, count: max(0, surplus - digits.count)) + digits
        var kept = Array(padded.dropLast(surplus))
        if padded[padded.count - surplus] >= 5 {
            var place = kept.count - 1
            while place >= 0, kept[place] == 9 {
                kept[place] = 0
                place -= 1
            }
            if place >= 0 { kept[place] += 1 } else { kept.insert(1, at: 0) }
        }
        number.digits = Array(kept.drop { $0 == 0 })
        if number.digits.isEmpty { number.isNegative = false }
        return number
    }
}
