package import TallyModel

extension ValueEncoding {
    /// Appends the value's binary form, without its length, where the value is exactly what the shape holds.
    ///
    /// - Returns: False where only the text form says what is meant, so that the server decides; what was appended by
    ///   then is for the caller to take back. Always false for NULL, which has no form.
    package static func appendBinary(
        _ value: Value,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        switch shape {
        case .int8:
            guard case .integer(let integer) = value else { return false }
            writer.appendBigEndian(integer)
        case .int4:
            guard case .integer(let integer) = value else { return false }
            guard let integer = Int32(exactly: integer) else { throw EncodingProblem(.outOfRange) }
            writer.appendBigEndian(integer)
        case .int2:
            guard case .integer(let integer) = value else { return false }
            guard let integer = Int16(exactly: integer) else { throw EncodingProblem(.outOfRange) }
            writer.appendBigEndian(integer)
        case .text:
            guard case .text(let text) = value else { return false }
            try appendUTF8(text, to: &writer)
        case .numeric:
            guard case .decimal(let digits) = value else { return false }
            return NumericForm.append(digits, to: &writer)
        case .json, .jsonb:
            if case .jsonb = shape { writer.append(1) }
            switch value {
            case .json(let text), .text(let text): try appendUTF8(text, to: &writer)
            default: return false
            }
        case .timestamp, .timestamptz: return appendTimestamp(value, to: &writer)
        case .date: return appendDate(value, to: &writer)
        case .boolean:
            switch value {
            case .boolean(let flag): writer.append(flag ? 1 : 0)
            case .integer(let integer) where 0...1 ~= integer: writer.append(UInt8(integer))
            default: return false
            }
        case .float8:
            guard case .real(let real) = value else { return false }
            writer.appendBigEndian(real.bitPattern)
        case .float4:
            // The server rounds what is not exactly a float4 and refuses what is too large for one.
            guard case .real(let real) = value, Double(Float(real)) == real || real.isNaN else { return false }
            writer.appendBigEndian(Float(real).bitPattern)
        case .bytea:
            guard case .bytes(let bytes) = value else { return false }
            writer.append(bytes)
        case .time:
            guard case .time(let microseconds) = value else { return false }
            guard 0...CalendarText.microsecondsPerDay ~= microseconds else { throw EncodingProblem(.outOfRange) }
            writer.appendBigEndian(microseconds)
        case .interval: return appendInterval(value, to: &writer)
        case .uuid:
            guard case .uuid(let high, let low) = value else { return false }
            writer.appendBigEndian(high)
            writer.appendBigEndian(low)
        case .array(let element, let elementType):
            guard case .array(let values) = value else { return false }
            return try appendArray(values, of: element, elementType, to: &writer)
        case .other: return false
        }
        return true
    }

    /// Appends a field as COPY and arrays have it: its length, -1 for NULL, and its bytes.
    ///
    /// - Returns: False, with nothing appended, where the value has no binary form in the shape.
    @inline(__always)
    static func appendField(
        _ value: Value,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        if case .null = value {
            writer.appendBigEndian(Int32(-1))
            return true
        }
        let mark = writer.count
        writer.appendBigEndian(Int32(0))
        guard try appendBinary(value, as: shape, to: &writer) else {
            writer.truncate(to: mark)
            return false
        }
        writer.overwriteBigEndian(Int32(truncatingIfNeeded: writer.count - mark - 4), at: mark)
        return true
    }

    @inline(__always)
    private static func appendUTF8(_ text: String, to writer: inout ByteWriter) throws(EncodingProblem) {
        let mark = writer.count
        writer.append(text)
        if writer.hasZero(from: mark) { throw EncodingProblem(.zeroCharacter) }
    }

    // MARK: Dates and times

    private static func appendTimestamp(_ value: Value, to writer: inout ByteWriter) -> Bool {
        switch value {
        case .timestamp(let microseconds, _):
            let (moved, isTooSmall) = microseconds.subtractingReportingOverflow(ValueDecoding.epochMicroseconds)
            // The two ends of the range mean the infinities.
            guard !isTooSmall, moved != .min else { return false }
            writer.appendBigEndian(moved)
        case .other(let other):
            guard let infinity = infinity(other) else { return false }
            writer.appendBigEndian(infinity > 0 ? Int64.max : .min)
        default: return false
        }
        return true
    }

    private static func appendDate(_ value: Value, to writer: inout ByteWriter) -> Bool {
        switch value {
        case .date(let days):
            let (moved, isTooSmall) = days.subtractingReportingOverflow(ValueDecoding.epochDays)
            guard !isTooSmall, moved != .min else { return false }
            writer.appendBigEndian(moved)
        case .other(let other):
            guard let infinity = infinity(other) else { return false }
            writer.appendBigEndian(infinity > 0 ? Int32.max : .min)
        default: return false
        }
        return true
    }

    private static func appendInterval(_ value: Value, to writer: inout ByteWriter) -> Bool {
        guard case .interval(let interval) = value, interval != .postgresInfinity,
            interval != .postgresNegativeInfinity
        else { return false }
        writer.appendBigEndian(interval.microseconds)
        writer.appendBigEndian(interval.days)
        writer.appendBigEndian(interval.months)
        return true
    }

    /// 1 and -1 for the infinities.
    private static func infinity(_ other: OtherValue) -> Int? {
        if other.bytes.elementsEqual("infinity".utf8) { return 1 }
        return other.bytes.elementsEqual("-infinity".utf8) ? -1 : nil
    }

    // MARK: Arrays

    private static func appendArray(
        _ values: [Value],
        of element: ValueShape,
        _ elementType: UInt32,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        // Whether an array inside is a dimension or an element could not be told.
        if case .array = element { return false }
        var sizes: [Int] = []
        var inner = values
        while !inner.isEmpty {
            sizes.append(inner.count)
            guard case .array(let next) = inner[0] else { break }
            guard !next.isEmpty, sizes.count < ValueDecoding.mostDimensions else { return false }
            inner = next
        }
        writer.appendBigEndian(Int32(sizes.count))
        let flags = writer.count
        writer.appendBigEndian(Int32(0))
        writer.appendBigEndian(elementType)
        for size in sizes {
            writer.appendBigEndian(Int32(truncatingIfNeeded: size))
            writer.appendBigEndian(Int32(1))
        }
        var hasNull = false
        guard try appendElements(values, sizes[...], of: element, &hasNull, to: &writer) else { return false }
        if hasNull { writer.overwriteBigEndian(Int32(1), at: flags) }
        return true
    }

    private static func appendElements(
        _ values: [Value],
        _ sizes: ArraySlice<Int>,
        of element: ValueShape,
        _ hasNull: inout Bool,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        guard let size = sizes.first else { return true }
        guard values.count == size else { return false }
        for value in values {
            if sizes.count > 1 {
                guard case .array(let inner) = value else { return false }
                guard try appendElements(inner, sizes.dropFirst(), of: element, &hasNull, to: &writer) else {
                    return false
                }
            } else {
                if case .null = value { hasNull = true }
                guard try appendField(value, as: element, to: &writer) else { return false }
            }
        }
        return true
    }
}
