import TallyModel

extension Value {
    /// The value as SQL would write it, so that `'7'`, `7` and `x'37'` are told apart.
    var literal: String {
        switch self {
        case .null: "NULL"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let integer): String(integer)
        case .real(let real): String(real)
        case .decimal(let digits): digits
        case .text(let text), .json(let text): Self.quoted(text)
        case .bytes(let bytes): Self.hexadecimal(bytes)
        case .date(let days): "date '\(Self.date(Int64(days)))'"
        case .time(let microseconds): "time '\(Self.time(microseconds))'"
        case .timestamp(let microseconds, let isZoned): Self.timestamp(microseconds, isZoned)
        case .interval(let interval):
            "interval '\(interval.months) months \(interval.days) days \(interval.microseconds) microseconds'"
        case .uuid(let high, let low): "uuid '\(Self.uuid(high, low))'"
        case .array(let values): "[\(values.map(\.literal).joined(separator: ", "))]"
        case .other(let other):
            "\(other.typeName) "
                + (String(validating: other.bytes, as: UTF8.self).map(Self.quoted) ?? Self.hexadecimal(other.bytes))
        }
    }

    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("'", with: "''"))'"
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        "x'\(bytes.map { padded(Int64($0), 2, radix: 16) }.joined())'"
    }

    private static func padded(_ number: Int64, _ width: Int, radix: Int = 10) -> String {
        let digits = String(number, radix: radix)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// The proleptic Gregorian date of a day number (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func date(_ days: Int64) -> String {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let civilMonth = month < 10 ? month + 3 : month - 9
        let year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0)
        let sign = year < 0 ? "-" : ""
        return "\(sign)\(padded(abs(year), 4))-\(padded(civilMonth, 2))-\(padded(day, 2))"
    }

    private static func time(_ microseconds: Int64) -> String {
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }.joined(separator: ":")
        return fraction == 0 ? clock : "\(clock).\(padded(fraction, 6))"
    }

    private static func timestamp(_ microseconds: Int64, _ isZoned: Bool) -> String {
        let day: Int64 = 86_400_000_000
        // Rounded down, so that moments before 1970 have a time of day from 0 up as well.
        let days = microseconds >= 0 ? microseconds / day : -((-(microseconds + 1)) / day) - 1
        return "timestamp '\(date(days)) \(time(microseconds - days * day))\(isZoned ? "Z" : "")'"
    }

    private static func uuid(_ high: UInt64, _ low: UInt64) -> String {
        let digits = [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        .joined()
        var groups: [Substring] = []
        var rest = digits[...]
        for width in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(width))
            rest = rest.dropFirst(width)
        }
        return groups.joined(separator: "-")
    }
}
