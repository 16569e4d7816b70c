/// Writes keys as bytes that stand in the order of their values where these are numbers, moments or UUIDs, and reads them
/// back: rows that are written one after the other by a counting key then lie side by side in an index.
///
/// One tag byte per value, then its payload, as in ``RowCoding``, but with whole numbers big-endian and their sign turned
/// round (as in FoundationDB's tuple layer), and without a count: values follow until the end. Texts and all others are
/// written as ``RowCoding`` does, and are in no order of meaning. Equal keys have equal bytes.
public enum KeyCoding {
    /// - Parameter key: Complete: an absent place is written as one, and reads back as one.
    public static func encode(_ key: Row) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(9 * key.values.count)
        for value in key.values {
            switch value {
            case .integer(let integer): append(integer, tag: .integer, to: &bytes)
            case .date(let days): append(days, tag: .date, to: &bytes)
            case .time(let microseconds): append(microseconds, tag: .time, to: &bytes)
            case .timestamp(let microseconds, let isZoned):
                append(microseconds, tag: isZoned ? .zonedTimestamp : .timestamp, to: &bytes)
            case .uuid(let high, let low):
                bytes.append(RowCoding.Tag.uuid.rawValue)
                append(high, to: &bytes)
                append(low, to: &bytes)
            default: RowCoding.append(value, to: &bytes)
            }
        }
        return bytes
    }

    /// - Throws: ``RowCoding/Malformed`` for bytes that ``encode(_:)`` did not write.
    public static func decode(_ bytes: [UInt8]) throws -> Row {
        var reader = RowCoding.Reader(bytes: bytes)
        var values: [Value?] = []
        while !reader.isAtEnd {
            switch RowCoding.Tag(rawValue: bytes[reader.offset]) {
            case .integer: values.append(.integer(try reader.signed()))
            case .date: values.append(.date(days: try reader.signed()))
            case .time: values.append(.time(microseconds: try reader.signed()))
            case .timestamp: values.append(.timestamp(microseconds: try reader.signed(), isZoned: false))
            case .zonedTimestamp: values.append(.timestamp(microseconds: try reader.signed(), isZoned: true))
            case .uuid:
                _ = try reader.byte()
                values.append(.uuid(high: try reader.bigEndian(), low: try reader.bigEndian()))
            default: values.append(try reader.value())
            }
        }
        return Row(values)
    }

    private static func append(
        _ integer: some FixedWidthInteger & SignedInteger,
        tag: RowCoding.Tag,
        to bytes: inout [UInt8]
    ) {
        bytes.append(tag.rawValue)
        append(integer.signTurned, to: &bytes)
    }

    private static func append(_ integer: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension FixedWidthInteger where Self: SignedInteger {
    /// With the least value's bits all zero and the greatest's all one; the same again gives the number back.
    fileprivate var signTurned: Self { self ^ .min }
}

extension RowCoding.Reader {
    /// A tag, and behind it a signed number in the order of its values.
    fileprivate mutating func signed<I: FixedWidthInteger & SignedInteger>() throws -> I {
        _ = try byte()
        let turned: I = try bigEndian()
        return turned.signTurned
    }

    fileprivate mutating func bigEndian<I: FixedWidthInteger>() throws -> I { I(bigEndian: try fixed(I.self)) }
}
