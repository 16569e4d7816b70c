/// One value as a database holds it.
///
/// The cases are what stores really keep, not what one language offers; a store maps its types to these and back in
/// one file. What fits no case travels as ``other(_:)`` and survives a trip between stores of the same kind unchanged.
public enum Value: Sendable, Hashable {
    /// SQL NULL. A value the source did not send is not null but absent: see ``Row``.
    case null
    case boolean(Bool)
    /// A signed 64-bit integer.
    case integer(Int64)
    /// An IEEE 754 double, infinities and NaN included.
    case real(Double)
    /// An exact decimal of any precision, in plain digits: `-12.50`, `NaN`, `Infinity`.
    case decimal(String)
    /// Valid Unicode text. Text that is not valid UTF-8 travels as ``other(_:)``.
    case text(String)
    case bytes([UInt8])
    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    case date(days: Int32)
    /// Microseconds since midnight.
    case time(microseconds: Int64)
    /// Microseconds since 1970-01-01 00:00, in UTC when `isZoned`, otherwise of no zone.
    case timestamp(microseconds: Int64, isZoned: Bool)
    case interval(Interval)
    /// The sixteen bytes of a UUID, most significant first.
    case uuid(high: UInt64, low: UInt64)
    /// A JSON document, as text.
    case json(String)
    case array([Value])
    case other(OtherValue)
}

/// A span of time as SQL keeps it: its parts do not convert into each other.
public struct Interval: Sendable, Hashable {
    public var months: Int32
    public var days: Int32
    public var microseconds: Int64

    public init(months: Int32, days: Int32, microseconds: Int64) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }
}

/// A value of a type that only its own kind of store understands.
public struct OtherValue: Sendable, Hashable {
    /// The store's name of the type.
    public var typeName: String
    /// The value as the store itself writes it.
    public var bytes: [UInt8]

    public init(typeName: String, bytes: [UInt8]) {
        self.typeName = typeName
        self.bytes = bytes
    }

    /// The type name of text that is not valid UTF-8.
    public static let malformedText = "text"
}

extension Value {
    /// About how much memory the value takes, for budgets.
    public var byteCount: Int {
        switch self {
        case .null, .boolean, .integer, .real, .date, .time, .timestamp, .uuid: 16
        case .interval: 32
        case .decimal(let text), .text(let text), .json(let text): 16 + text.utf8.count
        case .bytes(let bytes): 16 + bytes.count
        case .other(let other): 48 + other.bytes.count
        case .array(let values): values.reduce(32) { $0 + $1.byteCount }
        }
    }
}
