package import TallyModel

extension ValueDecoding {
    /// - Parameters:
    ///   - bytes: The value's text form, with the escapes of COPY already taken off.
    ///   - typeName: As `format_type` has it: goes into ``OtherValue`` and into errors.
    package static func decodeText(
        _ bytes: UnsafeRawBufferPointer,
        as shape: ValueShape,
        typeName: String
    ) throws -> Value {
        switch shape {
        case .text: return text(bytes)
        case .json, .jsonb: return json(bytes)
        case .int2, .int4, .int8:
            guard let integer = integer(bytes) else { throw damaged(typeName) }
            return .integer(integer)
        case .numeric:
            guard !bytes.isEmpty, let digits = String(exactly: bytes) else { throw damaged(typeName) }
            return .decimal(digits)
        case .timestamp: return try timestamp(bytes, isZoned: false, typeName)
        case .timestamptz: return try timestamp(bytes, isZoned: true, typeName)
        case .boolean:
            guard bytes.count == 1, bytes[0] == UInt8(ascii: "t") || bytes[0] == UInt8(ascii: "f") else {
                throw damaged(typeName)
            }
            return .boolean(bytes[0] == UInt8(ascii: "t"))
        case .float4:
            guard let text = String(exactly: bytes), let real = Float(text) else { throw damaged(typeName) }
            return .real(Double(real))
        case .float8:
            guard let text = String(exactly: bytes), let real = Double(text) else { throw damaged(typeName) }
            return .real(real)
        case .bytea: return try bytea(bytes, typeName)
        case .date:
            if isInfinite(bytes) { return plain(bytes, typeName) }
            guard let days = CalendarText.days(bytes) else { throw damaged(typeName) }
            return Int32(exactly: days).map { .date(days: $0) } ?? plain(bytes, typeName)
        case .time:
            guard let time = CalendarText.time(bytes) else { throw damaged(typeName) }
            return .time(microseconds: time)
        case .interval:
            if isInfinite(bytes) { return plain(bytes, typeName) }
            guard let interval = CalendarText.interval(bytes) else { throw damaged(typeName) }
            return .interval(interval)
        case .uuid: return try uuid(bytes, typeName)
        case .array(let element, _): return try array(text: bytes, of: element, typeName)
        case .other: return plain(bytes, typeName)
        }
    }

    static func plain(_ bytes: UnsafeRawBufferPointer, _ typeName: String) -> Value {
        .other(OtherValue(typeName: typeName, bytes: Array(bytes)))
    }

    private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var cursor = TextCursor(bytes: bytes)
        let isNegative = cursor.take(UInt8(ascii: "-"))
        if let digits = cursor.digits(), cursor.isAtEnd { return isNegative ? -digits : digits }
        // The one number whose digits alone do not fit.
        let isLeast = bytes.elementsEqual("-9223372036854775808".utf8)
        return isLeast ? .min : nil
    }

    /// The letter tells `infinity` and `-infinity` from everything else that the server writes for dates and intervals.
    private static func isInfinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= 8 && (bytes[0] == UInt8(ascii: "i") || bytes[1] == UInt8(ascii: "i"))
    }

    private static func timestamp(
        _ bytes: UnsafeRawBufferPointer,
        isZoned: Bool,
        _ typeName: String
    ) throws -> Value {
        if isInfinite(bytes) { return plain(bytes, typeName) }
        guard let (days, rest) = CalendarText.timestamp(bytes) else { throw damaged(typeName) }
        let (whole, isTooLarge) = days.multipliedReportingOverflow(by: CalendarText.microsecondsPerDay)
        let (sum, isStillTooLarge) = whole.addingReportingOverflow(rest)
        guard !isTooLarge, !isStillTooLarge else { return plain(bytes, typeName) }
        return .timestamp(microseconds: sum, isZoned: isZoned)
    }

    private static func bytea(_ bytes: UnsafeRawBufferPointer, _ typeName: String) throws -> Value {
        guard bytes.count >= 2, bytes.count.isMultiple(of: 2), bytes[0] == UInt8(ascii: "\\"),
            bytes[1] == UInt8(ascii: "x")
        else { throw damaged(typeName) }
        let size = bytes.count / 2 - 1
        var isHex = true
        let payload = [UInt8](unsafeUninitializedCapacity: size) { place, count in
            for index in 0..<size {
                guard let high = ByteWriter.hexValue(bytes[2 * index + 2]),
                    let low = ByteWriter.hexValue(bytes[2 * index + 3])
                else {
                    isHex = false
                    break
                }
                place[index] = high << 4 | low
                count = index + 1
            }
        }
        guard isHex else { throw damaged(typeName) }
        return .bytes(payload)
    }

    private static func uuid(_ bytes: UnsafeRawBufferPointer, _ typeName: String) throws -> Value {
        guard bytes.count == 36 else { throw damaged(typeName) }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for (index, byte) in bytes.enumerated() {
            if [8, 13, 18, 23].contains(index) {
                guard byte == UInt8(ascii: "-") else { throw damaged(typeName) }
                continue
            }
            guard let digit = ByteWriter.hexValue(byte) else { throw damaged(typeName) }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        return .uuid(high: high, low: low)
    }
}
