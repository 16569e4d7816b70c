extension JSON {
    /// Bytes that two documents share exactly when they mean the same: numbers by their value, strings unescaped,
    /// objects whatever the order of their members.
    var identity: [UInt8] {
        var bytes: [UInt8] = []
        appendIdentity(to: &bytes)
        return bytes
    }

    private func appendIdentity(to bytes: inout [UInt8]) {
        switch content {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .boolean(let flag): bytes.append(UInt8(ascii: flag ? "t" : "f"))
        case .number: Self.append(Self.number(spelled), tag: "#", to: &bytes)
        case .string(let string): Self.append(string, tag: "\"", to: &bytes)
        case .array(let elements):
            Self.append(Array("\(elements.count)".utf8), tag: "[", to: &bytes)
            for element in elements { element.appendIdentity(to: &bytes) }
        case .object(let members):
            Self.append(Array("\(members.count)".utf8), tag: "{", to: &bytes)
            for member in members.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
                Self.append(member.name, tag: "\"", to: &bytes)
                member.value.appendIdentity(to: &bytes)
            }
        }
    }

    /// The length tells where the payload ends, whatever is in it.
    static func append(_ payload: [UInt8], tag: Unicode.Scalar, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: tag))
        bytes += "\(payload.count):".utf8
        bytes += payload
    }

    /// A number as its significant digits and a power of ten: `1.50`, `15e-1` and `1.5` are `15e-1`.
    static func number(_ lexeme: some Collection<UInt8>) -> [UInt8] {
        let isNegative = lexeme.first == UInt8(ascii: "-")
        let parts = lexeme.split(whereSeparator: { $0 | 0x20 == UInt8(ascii: "e") })
        let mantissa = (parts.first ?? lexeme[...]).drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        let exponent = parts.count > 1 ? Int(String(decoding: parts[1], as: UTF8.self)) : 0
        let point = mantissa.firstIndex(of: UInt8(ascii: "."))
        let fraction = point.map { mantissa.distance(from: $0, to: mantissa.endIndex) - 1 } ?? 0
        var digits = Array(mantissa.filter { $0 != UInt8(ascii: ".") }.drop { $0 == UInt8(ascii: "0") })
        if digits.isEmpty { return Array("0".utf8) }
        var power = -fraction
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            power += 1
        }
        // An exponent too great for an integer is compared as it is spelled.
        guard let exponent, case let (sum, overflow) = exponent.addingReportingOverflow(power), !overflow else {
            return Array(lexeme)
        }
        return (isNegative ? [UInt8(ascii: "-")] : []) + digits + Array("e\(sum)".utf8)
    }

    static func means(_ left: JSON?, _ right: JSON?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (let left?, let right?): left.spelled == right.spelled || left.identity == right.identity
        default: false
        }
    }
}
