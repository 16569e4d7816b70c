package import TallyModel

/// Writes values, whatever kind of store they come from, as a column of a given shape takes them.
///
/// What stands in the server afterwards; “parsed” means that the server reads the text and refuses what it cannot read.
///
/// | value | boolean | int | float, numeric | text | date, time, timestamps | interval | uuid | json | bytea | array | other |
/// |---|---|---|---|---|---|---|---|---|---|---|---|
/// | boolean | same | 1, 0 | 1, 0 | true, false | – | – | – | true, false | its text | – | true, false |
/// | integer | 1, 0 | same | same | digits | – | – | – | number | its text | – | digits |
/// | real | 1, 0 | if whole | same | digits | – | – | – | number | its text | – | digits |
/// | decimal | 1, 0 | if whole | same | digits | – | – | – | number | its text | – | digits |
/// | text | parsed | parsed | parsed | same | parsed | parsed | parsed | parsed | UTF-8 | a JSON array, or parsed | parsed |
/// | bytes | as text | as text | as text | if UTF-8 | as text | as text | 16 bytes, or as text | as text | same | as text | as text |
/// | date, timestamp | – | – | – | ISO | parsed | – | – | string | its text | – | ISO |
/// | time | – | – | – | ISO | time only | parsed | – | string | its text | – | ISO |
/// | interval | – | – | – | ISO | time only, parsed | same | – | string | its text | – | ISO |
/// | uuid | – | – | – | digits | – | – | same | string | its 16 bytes | – | digits |
/// | json | parsed | parsed | parsed | same | parsed | parsed | parsed | same | its text | as text | parsed |
/// | array | – | – | – | JSON | – | – | – | JSON | its JSON | same | JSON |
/// | other | its text everywhere, parsed | | | | | | | | its bytes | | |
///
/// Numbers become no dates: the server would read 20240101 as a day, and a count of seconds as nothing or as something
/// else. Timestamps with a zone lose it, not their moment in UTC, in a column without one, and are taken as UTC the other
/// way round; that is what the session's time zone does. A text with U+0000, and bytes that are no UTF-8 where
/// text is stored, are refused here, because the server has no place for them.
package enum ValueEncoding {
    /// Appends a field of COPY's text form, with its escapes.
    package static func appendCopyText(
        _ value: Value,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        if case .null = value { return writer.append("\\N") }
        let mark = writer.count
        try appendText(value, as: shape, to: &writer)
        if writer.needsCopyEscapes(from: mark) { escapeForCopy(from: mark, in: &writer) }
    }

    private static func escapeForCopy(from mark: Int, in writer: inout ByteWriter) {
        writer.rewrite(from: mark) { bytes, writer in
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "\\"): writer.append("\\\\")
                case UInt8(ascii: "\n"): writer.append("\\n")
                case UInt8(ascii: "\r"): writer.append("\\r")
                case UInt8(ascii: "\t"): writer.append("\\t")
                default: writer.append(byte)
                }
            }
        }
    }

    /// Appends the text that the server reads as the value.
    ///
    /// - Throws: ``EncodingProblem``, also for NULL, which has no text; what was appended by then is for the caller to
    ///   take back.
    package static func appendText(
        _ value: Value,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        if case .bytea = shape { return try appendBytea(value, to: &writer) }
        switch value {
        case .null: throw EncodingProblem(.missing)
        case .text(let text): try append(text, as: shape, to: &writer)
        case .integer(let integer): try append(integer, as: shape, to: &writer)
        case .decimal(let digits): try append(decimal: digits, as: shape, to: &writer)
        case .json(let text): try append(text, as: shape, to: &writer)
        case .real(let real): try append(real, as: shape, to: &writer)
        case .boolean(let flag):
            switch shape.family {
            case .boolean: writer.append(flag ? "t" : "f")
            case .integer, .number: writer.append(flag ? "1" : "0")
            case .text, .json, .other: writer.append(flag ? "true" : "false")
            default: throw EncodingProblem(.unsuitable("a boolean"))
            }
        case .date(let days):
            try append(as: shape, in: [.date, .timestamp], "a date", to: &writer) {
                CalendarText.appendDate(Int64(days), to: &$0)
            }
        case .time(let microseconds):
            guard 0...CalendarText.microsecondsPerDay ~= microseconds else { throw EncodingProblem(.outOfRange) }
            try append(as: shape, in: [.time, .interval], "a time of day", to: &writer) {
                CalendarText.appendTime(microseconds, to: &$0)
            }
        case .timestamp(let microseconds, let isZoned):
            try append(as: shape, in: [.date, .timestamp], "a timestamp", to: &writer) {
                CalendarText.appendTimestamp(microseconds, isZoned: isZoned, to: &$0)
            }
        case .interval(let interval):
            try append(as: shape, in: [.interval, .time], "an interval", to: &writer) {
                CalendarText.appendInterval(interval, to: &$0)
            }
        case .uuid(let high, let low):
            try append(as: shape, in: [.uuid], "a UUID", to: &writer) { appendUUID(high, low, to: &$0) }
        case .array(let values):
            switch shape {
            case .array(let element, _): try ArrayLiteral(of: element).append(values, to: &writer)
            case .text, .json, .jsonb, .other: try JSONForm.append(value, to: &writer)
            default: throw EncodingProblem(.unsuitable("an array"))
            }
        case .bytes(let bytes):
            if case .uuid = shape, bytes.count == 16 {
                bytes.withUnsafeBytes {
                    appendUUID(ValueDecoding.bigEndian($0, at: 0), ValueDecoding.bigEndian($0, at: 8), to: &writer)
                }
            } else {
                try append(bytes, as: shape, to: &writer)
            }
        case .other(let other): try append(other.bytes, as: .other, to: &writer)
        }
    }

    // MARK: Texts

    private static func append(
        _ text: String,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        let mark = writer.count
        if case .array(let element, _) = shape {
            if try ArrayLiteral(of: element).append(json: text, to: &writer) { return }
            writer.truncate(to: mark)
        }
        writer.append(text)
        if writer.hasZero(from: mark) { throw EncodingProblem(.zeroCharacter) }
    }

    /// Bytes that are a text: of SQLite, whose columns hold both, and of values that only their own kind understands.
    private static func append(
        _ bytes: [UInt8],
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw EncodingProblem(.notText) }
        try append(text, as: shape, to: &writer)
    }

    /// Appends what `write` does where the shape is one of `families` or holds texts.
    private static func append(
        as shape: ValueShape,
        in families: [ValueShape.Family],
        _ kind: String,
        to writer: inout ByteWriter,
        _ write: (inout ByteWriter) -> Void
    ) throws(EncodingProblem) {
        switch shape.family {
        case .text, .other: write(&writer)
        case .json:
            let mark = writer.count
            write(&writer)
            JSONForm.quote(from: mark, in: &writer)
        case let family:
            guard families.contains(family) else { throw EncodingProblem(.unsuitable(kind)) }
            write(&writer)
        }
    }

    private static func appendBytea(_ value: Value, to writer: inout ByteWriter) throws(EncodingProblem) {
        writer.append("\\x")
        switch value {
        case .bytes(let bytes): bytes.withUnsafeBytes { writer.appendHex($0) }
        case .other(let other): other.bytes.withUnsafeBytes { writer.appendHex($0) }
        case .uuid(let high, let low):
            for half in [high, low] { withUnsafeBytes(of: half.bigEndian) { writer.appendHex($0) } }
        case .text(let text), .json(let text), .decimal(let text):
            // Bytes hold every text, one with U+0000 too.
            let mark = writer.count
            writer.append(text)
            writer.rewrite(from: mark) { $1.appendHex($0) }
        default:
            let mark = writer.count
            try appendText(value, as: .text, to: &writer)
            writer.rewrite(from: mark) { $1.appendHex($0) }
        }
    }

    private static func appendUUID(_ high: UInt64, _ low: UInt64, to writer: inout ByteWriter) {
        func hex(_ number: UInt64, _ bytes: Int) {
            withUnsafeBytes(of: (number << (64 - 8 * bytes)).bigEndian) {
                writer.appendHex(UnsafeRawBufferPointer(rebasing: $0[..<bytes]))
            }
        }
        hex(high >> 32, 4)
        writer.append(UInt8(ascii: "-"))
        hex(high >> 16, 2)
        writer.append(UInt8(ascii: "-"))
        hex(high, 2)
        writer.append(UInt8(ascii: "-"))
        hex(low >> 48, 2)
        writer.append(UInt8(ascii: "-"))
        hex(low, 6)
    }

    // MARK: Numbers

    private static func append(
        _ integer: Int64,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        switch shape.family {
        case .integer:
            guard shape.holds(integer) else { throw EncodingProblem(.outOfRange) }
            writer.appendDigits(integer)
        case .number, .text, .json, .other: writer.appendDigits(integer)
        case .boolean:
            guard 0...1 ~= integer else { throw EncodingProblem(.unsuitable("a number other than 0 and 1")) }
            writer.append(integer == 1 ? "t" : "f")
        default: throw EncodingProblem(.unsuitable("a number"))
        }
    }

    private static func append(
        _ real: Double,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        switch shape.family {
        case .integer, .boolean:
            guard let integer = Int64(exactly: real) else { throw EncodingProblem(.unsuitable("a fraction")) }
            try append(integer, as: shape, to: &writer)
        case .number, .text, .other: append(real, to: &writer)
        case .json:
            let mark = writer.count
            append(real, to: &writer)
            if !real.isFinite { JSONForm.quote(from: mark, in: &writer) }
        default: throw EncodingProblem(.unsuitable("a number"))
        }
    }

    static func append(_ real: Double, to writer: inout ByteWriter) {
        if real.isFinite { return writer.append(real.description) }
        writer.append(real.isNaN ? "NaN" : real < 0 ? "-Infinity" : "Infinity")
    }

    private static func append(
        decimal digits: String,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        switch shape.family {
        case .number, .text, .other: try append(digits, as: .other, to: &writer)
        case .json:
            let mark = writer.count
            try append(digits, as: .other, to: &writer)
            JSONForm.quoteUnlessNumber(from: mark, in: &writer)
        case .integer, .boolean:
            guard let integer = wholeNumber(digits) else { throw EncodingProblem(.unsuitable("a fraction")) }
            try append(integer, as: shape, to: &writer)
        default: throw EncodingProblem(.unsuitable("a number"))
        }
    }

    /// The number of `12`, `12.00` and `1.2e1`; `nil` for others.
    private static func wholeNumber(_ digits: String) -> Int64? {
        if let integer = Int64(digits) { return integer }
        let parts = digits.split(separator: ".", maxSplits: 1)
        if parts.count == 2, parts[1].allSatisfy({ $0 == "0" }) { return Int64(parts[0]) }
        guard digits.contains(where: { $0 == "e" || $0 == "E" }), let real = Double(digits),
            real.magnitude < 9_007_199_254_740_992
        else { return nil }
        return Int64(exactly: real)
    }
}
