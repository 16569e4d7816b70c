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
            Self.timestampText(microseconds) + (isZoned ? "Z" : "") + Self.era(Self.days(microseconds))
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

    /// A day number as a date of the proleptic Gregorian calendar.
    ///
    /// The algorithm is Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html).
    private static func dateText(_ days: Int64) -> String {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        // The year before 1 is 1 BC.
        return "\(padded(year > 0 ? year : 1 - year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    private static func timeText(_ microseconds: Int64) -> String {
        let seconds = microseconds / 1_000_000
        let fraction = microseconds % 1_000_000
        let whole = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return fraction == 0 ? whole : "\(whole).\(padded(fraction, 6))"
    }

    private static func timestampText(_ microseconds: Int64) -> String {
        let days = days(microseconds)
        return "\(dateText(days)) \(timeText(microseconds - days * day))"
    }

    private static let day: Int64 = 86_400_000_000

    private static func days(_ microseconds: Int64) -> Int64 {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: day)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// What follows a day before the year 1.
    private static func era(_ days: Int64) -> String { days < -719_162 ? " BC" : "" }

    private static func decimalText(_ microseconds: Int64) -> String {
        let magnitude = microseconds.magnitude
        let sign = microseconds < 0 ? "-" : ""
        return "\(sign)\(magnitude / 1_000_000).\(padded(Int64(magnitude % 1_000_000), 6))"
    }

    private static func uuidText(_ high: UInt64, _ low: UInt64) -> String {
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

    private static func padded(_ number: Int64, _ width: Int, radix: Int = 10) -> String {
        let digits = String(number.magnitude, radix: radix)
        let zeros = String(repeating: "0", count: max(0, width - digits.count))
        return (number < 0 ? "-" : "") + zeros + digits
    }
}
