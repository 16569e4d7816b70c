package import TallyModel

/// Reads values as the server sends them.
///
/// | shape | value |
/// |---|---|
/// | boolean | `boolean` |
/// | int2, int4, int8 | `integer` |
/// | float4, float8 | `real`; a float4 is widened exactly |
/// | numeric | `decimal`, digits as psql shows them, NaN and infinities by name |
/// | text | `text` |
/// | bytea | `bytes` |
/// | date, time, timestamp, timestamptz, interval, uuid | the cases of their names; `other` where they do not fit: infinities, and timestamps after the year 294246 |
/// | json, jsonb | `json` |
/// | array | `array`; `other` for bounds that do not begin at 1 and for arrays of domains over arrays |
/// | other | `other`, with the text form |
///
/// Bytes that make no sense throw a ``StoreError`` with code `damaged`. An SQL NULL has no bytes and is the caller's.
package enum ValueDecoding {
    /// - Parameter typeName: As `format_type` has it: goes into ``OtherValue`` and into errors.
    package static func decodeBinary(
        _ bytes: UnsafeRawBufferPointer,
        as shape: ValueShape,
        typeName: String
    ) throws -> Value {
        switch shape {
        case .boolean:
            guard bytes.count == 1, bytes[0] <= 1 else { throw damaged(typeName) }
            return .boolean(bytes[0] == 1)
        case .int2: return .integer(Int64(try integer(bytes, Int16.self, typeName)))
        case .int4: return .integer(Int64(try integer(bytes, Int32.self, typeName)))
        case .int8: return .integer(try integer(bytes, Int64.self, typeName))
        case .float4: return .real(Double(Float(bitPattern: try integer(bytes, UInt32.self, typeName))))
        case .float8: return .real(Double(bitPattern: try integer(bytes, UInt64.self, typeName)))
        case .numeric:
            guard let digits = NumericForm.digits(bytes) else { throw damaged(typeName) }
            return .decimal(digits)
        case .text: return text(bytes)
        case .bytea: return .bytes(Array(bytes))
        case .date: return date(try integer(bytes, Int32.self, typeName), typeName)
        case .time: return .time(microseconds: try integer(bytes, Int64.self, typeName))
        case .timestamp:
            return timestamp(try integer(bytes, Int64.self, typeName), isZoned: false, typeName)
        case .timestamptz:
            return timestamp(try integer(bytes, Int64.self, typeName), isZoned: true, typeName)
        case .interval: return try interval(bytes, typeName)
        case .uuid:
            guard bytes.count == 16 else { throw damaged(typeName) }
            return .uuid(high: bigEndian(bytes, at: 0), low: bigEndian(bytes, at: 8))
        case .json: return json(bytes)
        case .jsonb:
            // The first byte is the version of the form; there has only been one.
            guard bytes.count > 1, bytes[0] == 1 else { throw damaged(typeName) }
            return json(UnsafeRawBufferPointer(rebasing: bytes[1...]))
        case .array(let element, _): return try array(bytes, of: element, typeName)
        case .other:
            throw StoreError(
                .damaged,
                "the server sent a value of type \(typeName) in binary form, which was not asked for"
            )
        }
    }

    // MARK: Texts

    /// - Returns: `other` for what is not UTF-8, so that it is neither changed nor lost.
    static func text(_ bytes: UnsafeRawBufferPointer) -> Value {
        if let text = String(exactly: bytes) { return .text(text) }
        return .other(OtherValue(typeName: OtherValue.malformedText, bytes: Array(bytes)))
    }

    static func json(_ bytes: UnsafeRawBufferPointer) -> Value {
        if let text = String(exactly: bytes) { return .json(text) }
        return .other(OtherValue(typeName: OtherValue.malformedText, bytes: Array(bytes)))
    }

    // MARK: Numbers

    @inline(__always)
    private static func integer<I: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer,
        _ type: I.Type,
        _ typeName: String
    ) throws -> I {
        guard bytes.count == MemoryLayout<I>.size else { throw damaged(typeName) }
        return bigEndian(bytes, at: 0)
    }

    /// The caller has made sure that there are enough bytes.
    @inline(__always)
    static func bigEndian<I: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> I {
        I(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: I.self))
    }

    // MARK: Dates and times

    /// What lies between the server's epoch, 2000-01-01, and 1970-01-01.
    static let epochDays: Int32 = 10_957
    static let epochMicroseconds: Int64 = 946_684_800_000_000

    private static func date(_ days: Int32, _ typeName: String) -> Value {
        if days == .max { return other("infinity", typeName) }
        if days == .min { return other("-infinity", typeName) }
        let (sum, isTooLarge) = days.addingReportingOverflow(epochDays)
        return isTooLarge
            ? other(typeName) { CalendarText.appendDate(Int64(days) + Int64(epochDays), to: &$0) } : .date(days: sum)
    }

    private static func timestamp(_ microseconds: Int64, isZoned: Bool, _ typeName: String) -> Value {
        if microseconds == .max { return other("infinity", typeName) }
        if microseconds == .min { return other("-infinity", typeName) }
        let (sum, isTooLarge) = microseconds.addingReportingOverflow(epochMicroseconds)
        guard isTooLarge else { return .timestamp(microseconds: sum, isZoned: isZoned) }
        let day = CalendarText.microsecondsPerDay
        return other(typeName) { text in
            CalendarText.appendTimestamp(
                days: microseconds / day + Int64(epochDays),
                microseconds: microseconds % day,
                isZoned: isZoned,
                to: &text
            )
        }
    }

    private static func interval(_ bytes: UnsafeRawBufferPointer, _ typeName: String) throws -> Value {
        guard bytes.count == 16 else { throw damaged(typeName) }
        let interval = Interval(
            months: bigEndian(bytes, at: 12),
            days: bigEndian(bytes, at: 8),
            microseconds: bigEndian(bytes, at: 0)
        )
        // Infinite since version 17, by all three at their ends.
        if interval == .postgresInfinity { return other("infinity", typeName) }
        if interval == .postgresNegativeInfinity { return other("-infinity", typeName) }
        return .interval(interval)
    }

    // MARK: Everything else

    static func other(_ text: StaticString, _ typeName: String) -> Value {
        other(typeName) { $0.append(text) }
    }

    static func other(_ typeName: String, _ write: (inout ByteWriter) throws -> Void) rethrows -> Value {
        var text = ByteWriter(capacity: 64)
        try write(&text)
        return .other(OtherValue(typeName: typeName, bytes: text.array))
    }

    static func damaged(_ typeName: String) -> StoreError {
        StoreError(
            .damaged,
            "the server sent bytes that are no value of type \(typeName); "
                + "is something between Tally and the server changing them?"
        )
    }
}

extension Interval {
    static let postgresInfinity = Interval(months: .max, days: .max, microseconds: .max)
    static let postgresNegativeInfinity = Interval(months: .min, days: .min, microseconds: .min)
}
