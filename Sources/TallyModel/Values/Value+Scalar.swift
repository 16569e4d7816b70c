extension Value {
    /// The null, integer, real, text or bytes that stands in SQLite for a value that it has no storage class for;
    /// `nil` for those that it has.
    ///
    /// Dates and times become ISO 8601 text, which SQLite's own date functions read (https://www.sqlite.org/lang_datefunc.html)
    /// for the years from 1 to 9999. Before them they end in `BC`, as PostgreSQL reads and writes it.
    package var scalar: Value? {
        switch self {
        // SQLite makes NULL of a NaN.
        case .real(let real) where real.isNaN: .text("NaN")
        case .null, .integer, .real, .text, .bytes, .other: nil
        case .boolean(let flag): .integer(flag ? 1 : 0)
        case .decimal(let text), .json(let text): .text(text)
        case .date, .time, .timestamp, .interval, .uuid, .array: .text(plainText)
        }
    }

    /// The value as plain text, for kinds of store that know fewer types.
    private var plainText: String {
        switch self {
        case .date(let days): Self.dateText(Int64(days)) + Self.era(Int64(days))
        case .time(let microseconds): Self.timeText(microseconds)
        case .timestamp(let microseconds, let isZoned):
            Self.timestampText(microseconds) + (isZoned ? "Z" : "") + Self.era(CivilDate.split(microseconds).days)
        case .interval(let interval):
            "P\(interval.months)M\(interval.days)DT\(Self.decimalText(interval.microseconds))S"
        case .uuid(let high, let low): Self.uuidText(high, low)
        case .array(let values): "[" + values.map(\.jsonText).joined(separator: ",") + "]"
        default: ""
        }
    }

    private var jsonText: String {
        switch self {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let integer): String(integer)
        case .real(let real) where real.isFinite: String(real)
        case .json(let text): text
        case .array: plainText
        case .text(let text), .decimal(let text): Self.jsonString(text)
        case .real(let real): Self.jsonString(String(real))
        case .bytes(let bytes): Self.jsonString("\\x" + bytes.map { Self.padded(Int64($0), 2, radix: 16) }.joined())
        case .other(let other): Self.jsonString(String(decoding: other.bytes, as: UTF8.self))
        case .date, .time, .timestamp, .interval, .uuid: Self.jsonString(plainText)
        }
    }

    private static func jsonString(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20: result += "\\u" + padded(Int64(scalar.value), 4, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func dateText(_ days: Int64) -> String {
        let date = CivilDate(days: days)
        // The year before 1 is 1 BC.
        let year = date.year > 0 ? date.year : 1 - date.year
        return "\(padded(year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    }

    /// A time of day: `13:45:00`, with six digits behind the point where it has a fraction.
    package static func timeText(_ microseconds: Int64) -> String {
        let seconds = microseconds / 1_000_000
        let fraction = microseconds % 1_000_000
        let whole = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return fraction == 0 ? whole : "\(whole).\(padded(fraction, 6))"
    }

    private static func timestampText(_ microseconds: Int64) -> String {
        let (days, time) = CivilDate.split(microseconds)
        return "\(dateText(days)) \(timeText(time))"
    }

    /// What follows a day before the year 1.
    private static func era(_ days: Int64) -> String { days < -719_162 ? " BC" : "" }

    private static func decimalText(_ microseconds: Int64) -> String {
        let magnitude = microseconds.magnitude
        let sign = microseconds < 0 ? "-" : ""
        return "\(sign)\(magnitude / 1_000_000).\(padded(Int64(magnitude % 1_000_000), 6))"
    }

    package static func uuidText(_ high: UInt64, _ low: UInt64) -> String {
        let digits = hex(high) + hex(low)
        var parts: [Substring] = []
        var rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// A number with zeros in front, to a width.
    package static func padded(_ number: Int64, _ width: Int, radix: Int = 10) -> String {
        let digits = String(number.magnitude, radix: radix)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }
}
