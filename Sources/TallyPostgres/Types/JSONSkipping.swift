/// Finds where a JSON value ends, and what a string of it says. Whether the value is well-formed within is the
/// server's to judge, which reads it.
enum JSONSkipping {
    /// - Returns: False where no value begins, or its end is missing.
    static func skipValue(_ cursor: inout TextCursor) -> Bool {
        switch cursor.peek {
        case UInt8(ascii: "\""): return skipString(&cursor)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            var depth = 0
            while !cursor.isAtEnd {
                switch cursor.peek {
                case UInt8(ascii: "\""):
                    guard skipString(&cursor) else { return false }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                cursor.offset += 1
                if depth == 0 { return true }
            }
            return false
        default:
            for word: StaticString in ["true", "false", "null"] where cursor.take(word) { return true }
            let start = cursor.offset
            while !cursor.isAtEnd, (0x30...0x39).contains(cursor.peek) || "+-.eE".utf8.contains(cursor.peek) {
                cursor.offset += 1
            }
            return cursor.offset > start
        }
    }

    private static func skipString(_ cursor: inout TextCursor) -> Bool {
        cursor.offset += 1
        while !cursor.isAtEnd {
            let byte = cursor.peek
            cursor.offset += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return true }
        }
        return false
    }

    /// Appends the text of a string that ``skipValue(_:)`` found, without quotes and escapes.
    static func appendString(
        _ string: UnsafeRawBufferPointer,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        let end = string.count - 1
        var offset = 1
        while offset < end {
            let byte = string[offset]
            offset += 1
            guard byte == UInt8(ascii: "\\") else {
                writer.append(byte)
                continue
            }
            let escape = string[offset]
            offset += 1
            switch escape {
            case UInt8(ascii: "b"): writer.append(0x08)
            case UInt8(ascii: "f"): writer.append(0x0c)
            case UInt8(ascii: "n"): writer.append(0x0a)
            case UInt8(ascii: "r"): writer.append(0x0d)
            case UInt8(ascii: "t"): writer.append(0x09)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): writer.append(escape)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(string, &offset) else { return false }
                if scalar == "\0" { throw EncodingProblem(.zeroCharacter) }
                writer.append(String(Character(scalar)))
            default: return false
            }
        }
        return true
    }

    /// What stands after `\u`: four digits, or two times four of a surrogate pair.
    private static func scalar(_ string: UnsafeRawBufferPointer, _ offset: inout Int) -> Unicode.Scalar? {
        guard let first = unit(string, &offset) else { return nil }
        guard (0xd800..<0xdc00).contains(first) else { return Unicode.Scalar(first) }
        guard offset + 2 <= string.count, string[offset] == UInt8(ascii: "\\"),
            string[offset + 1] == UInt8(ascii: "u")
        else { return nil }
        offset += 2
        guard let second = unit(string, &offset), (0xdc00..<0xe000).contains(second) else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
    }

    private static func unit(_ string: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt32? {
        guard offset + 4 <= string.count else { return nil }
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = ByteWriter.hexValue(string[offset]) else { return nil }
            number = number << 4 | UInt32(digit)
            offset += 1
        }
        return number
    }
}
