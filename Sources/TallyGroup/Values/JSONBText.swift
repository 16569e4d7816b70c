import TallyMerge

/// A JSON document as PostgreSQL's `jsonb` writes it, so that equal documents are one text.
enum JSONBText {
    /// - Returns: `nil` for a text that is no JSON document, or one that `jsonb` cannot hold.
    static func canonical(_ text: String) -> String? {
        guard let document = JSON(text) else { return nil }
        var bytes: [UInt8] = []
        guard append(document, to: &bytes) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func append(_ json: JSON, to bytes: inout [UInt8]) -> Bool {
        switch json.content {
        case .null: bytes += "null".utf8
        case .boolean(let flag): bytes += "\(flag)".utf8
        case .number:
            guard let number = DecimalDigits(json.text) else { return false }
            bytes += number.text.utf8
        case .string(let string): return append(string: string, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { bytes += ", ".utf8 }
                guard append(element, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            // By the length of their names first.
            let sorted = members.sorted { left, right in
                left.name.count == right.name.count
                    ? left.name.lexicographicallyPrecedes(right.name) : left.name.count < right.name.count
            }
            bytes.append(UInt8(ascii: "{"))
            for (place, member) in sorted.enumerated() {
                if place > 0 { bytes += ", ".utf8 }
                guard append(string: member.name, to: &bytes) else { return false }
                bytes += ": ".utf8
                guard append(member.value, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "}"))
        }
        return true
    }

    private static func append(string: [UInt8], to bytes: inout [UInt8]) -> Bool {
        bytes.append(UInt8(ascii: "\""))
        for byte in string {
            switch byte {
            case 0: return false
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0a: bytes += "\\n".utf8
            case 0x0c: bytes += "\\f".utf8
            case 0x0d: bytes += "\\r".utf8
            case ..<0x20:
                let digits = String(byte, radix: 16)
                bytes += ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
        return true
    }
}
