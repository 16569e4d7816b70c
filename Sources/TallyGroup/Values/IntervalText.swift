import TallyModel

/// Intervals as ISO 8601 (`P1Y2M3DT4H5M6.5S`, also with weeks and with a sign for each part) and as PostgreSQL writes them by
/// itself (`1 year 2 mons -3 days 04:05:06.5`).
enum IntervalText {
    static func interval(_ text: String) -> Interval? {
        var scanner = TextScanner(text)
        return scanner.skip("P") ? designated(&scanner) : worded(&scanner)
    }

    private struct Sum {
        var months: Int64 = 0
        var days: Int64 = 0
        var microseconds: Int64 = 0

        var interval: Interval? {
            guard let months = Int32(exactly: months), let days = Int32(exactly: days) else { return nil }
            return Interval(months: months, days: days, microseconds: microseconds)
        }
    }

    private static func designated(_ scanner: inout TextScanner) -> Interval? {
        var sum = Sum()
        var isTime = false
        var parts = 0
        while !scanner.isAtEnd {
            if !isTime, scanner.skip("T") {
                isTime = true
                continue
            }
            guard let (number, fraction) = number(&scanner) else { return nil }
            let unit = scanner.next.map { String(UnicodeScalar($0)) } ?? ""
            guard scanner.skip("YMWDHS") else { return nil }
            let name = isTime ? "T\(unit)" : unit
            guard fraction == 0 || name == "TS", add(number, fraction, name, to: &sum) else { return nil }
            parts += 1
        }
        return parts > 0 ? sum.interval : nil
    }

    private static func worded(_ scanner: inout TextScanner) -> Interval? {
        var sum = Sum()
        var parts = 0
        while !scanner.isAtEnd {
            let isNegative = scanner.next == UInt8(ascii: "-")
            guard let (number, fraction) = number(&scanner) else { return nil }
            if scanner.skip(":") {
                guard let minutes = scanner.number(2...2), minutes < 60, fraction == 0 else { return nil }
                var (seconds, rest): (Int64, Int64) = (0, 0)
                if scanner.skip(":") {
                    guard let whole = scanner.number(2...2), whole < 60, let part = scanner.millionths() else {
                        return nil
                    }
                    (seconds, rest) = (whole, part)
                }
                let below = (minutes * 60 + seconds) * 1_000_000 + rest
                guard add(number, 0, "TH", to: &sum) else { return nil }
                sum.microseconds += isNegative ? -below : below
            } else {
                scanner.skipSpaces()
                guard let unit = units[scanner.word()], fraction == 0 || unit == "TS",
                    add(number, fraction, unit, to: &sum)
                else { return nil }
            }
            parts += 1
            scanner.skipSpaces()
        }
        return parts > 0 ? sum.interval : nil
    }

    private static let units: [String: String] = [
        "year": "Y", "years": "Y", "mon": "M", "mons": "M", "month": "M", "months": "M", "week": "W", "weeks": "W",
        "day": "D", "days": "D", "hour": "TH", "hours": "TH", "min": "TM", "mins": "TM", "minute": "TM",
        "minutes": "TM", "sec": "TS", "secs": "TS", "second": "TS", "seconds": "TS",
    ]

    /// A number with its sign, and its fraction in millionths.
    private static func number(_ scanner: inout TextScanner) -> (Int64, Int64)? {
        let isNegative = scanner.next == UInt8(ascii: "-")
        _ = scanner.skip("+-")
        guard let number = scanner.number(1...12), let fraction = scanner.millionths() else { return nil }
        return isNegative ? (-number, -fraction) : (number, fraction)
    }

    private static func add(_ number: Int64, _ fraction: Int64, _ unit: String, to sum: inout Sum) -> Bool {
        switch unit {
        case "Y": sum.months += number * 12
        case "M": sum.months += number
        case "W": sum.days += number * 7
        case "D": sum.days += number
        default:
            let size: Int64 = unit == "TH" ? 3_600_000_000 : unit == "TM" ? 60_000_000 : 1_000_000
            let (span, isTooLong) = number.multipliedReportingOverflow(by: size)
            let (whole, overflows) = sum.microseconds.addingReportingOverflow(span)
            guard !isTooLong, !overflows, whole.magnitude < 1 << 62 else { return false }
            sum.microseconds = whole + fraction
        }
        return sum.months.magnitude < 1 << 40 && sum.days.magnitude < 1 << 40
    }
}
