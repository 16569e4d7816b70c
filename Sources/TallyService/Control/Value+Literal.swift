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
        case .time(let microseconds): "time '\(Self.timeText(microseconds))'"
        case .timestamp(let microseconds, let isZoned): Self.timestamp(microseconds, isZoned)
        case .interval(let interval):
            "interval '\(interval.months) months \(interval.days) days \(interval.microseconds) microseconds'"
        case .uuid(let high, let low): "uuid '\(Self.uuidText(high, low))'"
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

    private static func date(_ days: Int64) -> String {
        let date = CivilDate(days: days)
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
    }

    private static func timestamp(_ microseconds: Int64, _ isZoned: Bool) -> String {
        let (days, time) = CivilDate.split(microseconds)
        return "timestamp '\(date(days)) \(timeText(time))\(isZoned ? "Z" : "")'"
    }
}
