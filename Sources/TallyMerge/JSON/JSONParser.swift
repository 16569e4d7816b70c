/// Reads one JSON document; recursive descent, to a bounded depth.
struct JSONParser {
    private static let deepest = 64

    private let bytes: [UInt8]
    private var offset = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() -> JSON? {
        skipSpace()
        guard let document = value(depth: 0) else { return nil }
        skipSpace()
        return offset == bytes.count ? document : nil
    }

    private var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func skipSpace() {
        while let next, next == 0x20 || next == 0x0a || next == 0x0d || next == 0x09 { offset += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        guard bytes[offset...].starts(with: "\(word)".utf8) else { return false }
        offset += word.utf8CodeUnitCount
        return true
    }

    private mutating func value(depth: Int) -> JSON? {
        guard depth < Self.deepest, let next else { return nil }
        let start = offset
        let content: JSON.Content?
        switch next {
        case UInt8(ascii: "{"): content = object(depth: depth)
        case UInt8(ascii: "["): content = array(depth: depth)
        case UInt8(ascii: "\""): content = string().map { .string($0) }
        case UInt8(ascii: "t"): content = skip("true") ? .boolean(true) : nil
        case UInt8(ascii: "f"): content = skip("false") ? .boolean(false) : nil
        case UInt8(ascii: "n"): content = skip("null") ? .null : nil
        default: content = number() ? .number : nil
        }
        return content.map { JSON(content: $0, spelled: bytes[start..<offset]) }
    }

    private mutating func object(depth: Int) -> JSON.Content? {
        offset += 1
        var members: [JSON.Member] = []
        var places: [[UInt8]: Int] = [:]
        skipSpace()
        if skip(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            skipSpace()
            let start = offset
            guard next == UInt8(ascii: "\""), let name = string() else { return nil }
            let spelledName = bytes[start..<offset]
            skipSpace()
            guard skip(UInt8(ascii: ":")) else { return nil }
            skipSpace()
            guard let value = value(depth: depth + 1) else { return nil }
            let member = JSON.Member(name: name, spelledName: spelledName, value: value)
            if let place = places[name] {
                members[place] = member
            } else {
                places[name] = members.count
                members.append(member)
            }
            skipSpace()
        } while skip(UInt8(ascii: ","))
        return skip(UInt8(ascii: "}")) ? .object(members) : nil
    }

    private mutating func array(depth: Int) -> JSON.Content? {
        offset += 1
        var elements: [JSON] = []
        skipSpace()
        if skip(UInt8(ascii: "]")) { return .array([]) }
        repeat {
            skipSpace()
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
            skipSpace()
        } while skip(UInt8(ascii: ","))
        return skip(UInt8(ascii: "]")) ? .array(elements) : nil
    }

    private mutating func digits() -> Bool {
        let start = offset
        while let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) { offset += 1 }
        return offset > start
    }

    private mutating func number() -> Bool {
        _ = skip(UInt8(ascii: "-"))
        if !skip(UInt8(ascii: "0")), !digits() { return false }
        if skip(UInt8(ascii: ".")), !digits() { return false }
        if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
            if !skip(UInt8(ascii: "+")) { _ = skip(UInt8(ascii: "-")) }
            if !digits() { return false }
        }
        return true
    }

    private mutating func string() -> [UInt8]? {
        offset += 1
        var result: [UInt8] = []
        while let byte = next {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return result
            case UInt8(ascii: "\\"): guard appendEscape(to: &result) else { return nil }
            case ..<0x20: return nil
            default: result.append(byte)
            }
        }
        return nil
    }

    private mutating func appendEscape(to result: inout [UInt8]) -> Bool {
        guard let byte = next else { return false }
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0c)
        case UInt8(ascii: "n"): result.append(0x0a)
        case UInt8(ascii: "r"): result.append(0x0d)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            guard var unit = codeUnit() else { return false }
            if (0xd800..<0xdc00).contains(unit), bytes[offset...].starts(with: "\\u".utf8) {
                let start = offset
                offset += 2
                if let low = codeUnit(), (0xdc00..<0xe000).contains(low) {
                    unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
                } else {
                    offset = start
                }
            }
            append(unit, to: &result)
        default: return false
        }
        return true
    }

    private mutating func codeUnit() -> UInt32? {
        guard bytes.count - offset >= 4 else { return nil }
        var unit: UInt32 = 0
        for byte in bytes[offset..<offset + 4] {
            guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        offset += 4
        return unit
    }

    /// UTF-8, extended to surrogates, which are no scalars.
    private func append(_ scalar: UInt32, to result: inout [UInt8]) {
        func part(_ shift: UInt32, _ mark: UInt32) -> UInt8 {
            UInt8(truncatingIfNeeded: mark | (mark == 0x80 ? scalar >> shift & 0x3f : scalar >> shift))
        }
        switch scalar {
        case ..<0x80: result.append(part(0, 0))
        case ..<0x800: result += [part(6, 0xc0), part(0, 0x80)]
        case ..<0x10000: result += [part(12, 0xe0), part(6, 0x80), part(0, 0x80)]
        default: result += [part(18, 0xf0), part(12, 0x80), part(6, 0x80), part(0, 0x80)]
        }
    }
}
