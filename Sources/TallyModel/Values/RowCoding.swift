/// Writes rows as bytes and reads them back: for load cursors, dead letters and fingerprints.
///
/// A format of Tally's own, kept for ever: one tag byte per value, then its payload; integers little-endian; lengths as
/// 32-bit integers. Equal rows have equal bytes.
public enum RowCoding {
    /// The bytes do not hold a row.
    public struct Malformed: Error, Sendable {
        package init() {}
    }

    public static func encode(_ row: Row) -> [UInt8] {
        var bytes: [UInt8] = []
        append(UInt32(row.values.count), to: &bytes)
        for value in row.values { append(value, to: &bytes) }
        return bytes
    }

    /// Writes one place of a row, for formats that hold values among other things; ``Reader`` reads it back.
    package static func append(_ value: Value?, to bytes: inout [UInt8]) {
        if let value { append(value, to: &bytes) } else { bytes.append(Tag.absent.rawValue) }
    }

    /// - Throws: ``Malformed`` for bytes that ``encode(_:)`` did not write.
    public static func decode(_ bytes: some Sequence<UInt8>) throws -> Row {
        var reader = Reader(bytes: Array(bytes))
        let count = try reader.integer(UInt32.self)
        guard count <= reader.bytes.count else { throw Malformed() }
        var values: [Value?] = []
        for _ in 0..<count { values.append(try reader.value()) }
        guard reader.isAtEnd else { throw Malformed() }
        return Row(values)
    }

    enum Tag: UInt8 {
        case absent, null, no, yes, integer, real, decimal, text, bytes, date, time
        case timestamp, zonedTimestamp, interval, uuid, json, array, other
    }

    private static func append(_ integer: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: integer.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ payload: some Collection<UInt8>, tag: Tag, to bytes: inout [UInt8]) {
        bytes.append(tag.rawValue)
        append(UInt32(payload.count), to: &bytes)
        bytes.append(contentsOf: payload)
    }

    private static func append(_ integer: some FixedWidthInteger, tag: Tag, to bytes: inout [UInt8]) {
        bytes.append(tag.rawValue)
        append(integer, to: &bytes)
    }

    private static func append(_ value: Value, to bytes: inout [UInt8]) {
        switch value {
        case .null: bytes.append(Tag.null.rawValue)
        case .boolean(let flag): bytes.append((flag ? Tag.yes : Tag.no).rawValue)
        case .integer(let integer): append(integer, tag: .integer, to: &bytes)
        case .real(let real): append(real.bitPattern, tag: .real, to: &bytes)
        case .decimal(let text): append(text.utf8, tag: .decimal, to: &bytes)
        case .text(let text): append(text.utf8, tag: .text, to: &bytes)
        case .bytes(let payload): append(payload, tag: .bytes, to: &bytes)
        case .date(let days): append(days, tag: .date, to: &bytes)
        case .time(let microseconds): append(microseconds, tag: .time, to: &bytes)
        case .timestamp(let microseconds, let isZoned):
            append(microseconds, tag: isZoned ? .zonedTimestamp : .timestamp, to: &bytes)
        case .interval(let interval):
            append(interval.months, tag: .interval, to: &bytes)
            append(interval.days, to: &bytes)
            append(interval.microseconds, to: &bytes)
        case .uuid(let high, let low):
            append(high, tag: .uuid, to: &bytes)
            append(low, to: &bytes)
        case .json(let text): append(text.utf8, tag: .json, to: &bytes)
        case .array(let values):
            append(UInt32(values.count), tag: .array, to: &bytes)
            for value in values { append(value, to: &bytes) }
        case .other(let other):
            append(other.typeName.utf8, tag: .other, to: &bytes)
            append(UInt32(other.bytes.count), to: &bytes)
            bytes.append(contentsOf: other.bytes)
        }
    }

    /// Reads bytes from their beginning; never past their end.
    package struct Reader {
        package let bytes: [UInt8]
        package private(set) var offset = 0

        package var isAtEnd: Bool { offset == bytes.count }

        package init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        /// One byte.
        package mutating func byte() throws -> UInt8 {
            guard offset < bytes.count else { throw Malformed() }
            defer { offset += 1 }
            return bytes[offset]
        }

        /// One place of a row, as ``RowCoding/append(_:to:)`` wrote it; nil for an absent one.
        package mutating func value() throws -> Value? {
            try value(depth: 0)
        }

        /// Goes over one place of a row, of which nothing is made.
        package mutating func skip() throws {
            try skip(depth: 0)
        }

        private mutating func skip(depth: Int) throws {
            guard depth < 64, let tag = Tag(rawValue: try byte()) else { throw Malformed() }
            switch tag {
            case .absent, .null, .no, .yes: return
            case .date: try skip(4)
            case .integer, .real, .time, .timestamp, .zonedTimestamp: try skip(8)
            case .interval, .uuid: try skip(16)
            case .decimal, .text, .bytes, .json: try skip(Int(integer(UInt32.self)))
            case .array: for _ in 0..<(try integer(UInt32.self)) { try skip(depth: depth + 1) }
            case .other:
                try skip(Int(integer(UInt32.self)))
                try skip(Int(integer(UInt32.self)))
            }
        }

        private mutating func skip(_ count: Int) throws {
            guard bytes.count - offset >= count else { throw Malformed() }
            offset += count
        }

        private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
            guard count >= 0, bytes.count - offset >= count else { throw Malformed() }
            defer { offset += count }
            return bytes[offset..<offset + count]
        }

        fileprivate mutating func integer<I: FixedWidthInteger>(_ type: I.Type) throws -> I {
            I(littleEndian: try fixed(type))
        }

        /// An integer's bytes as they lie.
        mutating func fixed<I: FixedWidthInteger>(_ type: I.Type) throws -> I {
            let start = offset
            _ = try take(MemoryLayout<I>.size)
            // In bounds: `take` has checked.
            return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: I.self) }
        }

        private mutating func payload() throws -> ArraySlice<UInt8> {
            try take(Int(integer(UInt32.self)))
        }

        private mutating func string() throws -> String {
            let payload = try payload()
            guard let text = payload.withUnsafeBytes(String.init(exactly:)) else { throw Malformed() }
            return text
        }

        private mutating func value(depth: Int) throws -> Value? {
            guard depth < 64, let tag = Tag(rawValue: try byte()) else { throw Malformed() }
            switch tag {
            case .absent: return nil
            case .null: return .null
            case .no: return .boolean(false)
            case .yes: return .boolean(true)
            case .integer: return .integer(try integer(Int64.self))
            case .real: return .real(Double(bitPattern: try integer(UInt64.self)))
            case .decimal: return .decimal(try string())
            case .text: return .text(try string())
            case .bytes: return .bytes(Array(try payload()))
            case .date: return .date(days: try integer(Int32.self))
            case .time: return .time(microseconds: try integer(Int64.self))
            case .timestamp: return .timestamp(microseconds: try integer(Int64.self), isZoned: false)
            case .zonedTimestamp: return .timestamp(microseconds: try integer(Int64.self), isZoned: true)
            case .interval:
                return .interval(
                    Interval(
                        months: try integer(Int32.self),
                        days: try integer(Int32.self),
                        microseconds: try integer(Int64.self)
                    )
                )
            case .uuid: return .uuid(high: try integer(UInt64.self), low: try integer(UInt64.self))
            case .json: return .json(try string())
            case .array:
                let count = try integer(UInt32.self)
                guard count <= bytes.count - offset else { throw Malformed() }
                var values: [Value] = []
                for _ in 0..<count {
                    guard let value = try value(depth: depth + 1) else { throw Malformed() }
                    values.append(value)
                }
                return .array(values)
            case .other:
                let typeName = try string()
                return .other(OtherValue(typeName: typeName, bytes: Array(try payload())))
            }
        }
    }
}
