/// Dates and times in the spellings of ISO 8601 that PostgreSQL and SQLite write: `2024-02-29`, `13:45`, `13:45:00.5`,
/// `2024-02-29 13:45:00+01`, `2024-02-29T12:45:00Z`, `0044-03-15 BC`.
enum MomentText {
    /// A date with or without a time; times in microseconds.
    struct Moment {
        /// Since 1970.
        var days: Int64
        /// Of the day; `nil` where no time is written.
        var time: Int64?
        /// East of UTC; `nil` where no zone is written.
        var offset: Int64?
    }

    static let day: Int64 = 86_400_000_000

    static func moment(_ text: String) -> Moment? {
        var scanner = TextScanner(text)
        guard let year = scanner.number(4...7), scanner.skip("-"), let month = scanner.number(1...2), scanner.skip("-"),
            let date = scanner.number(1...2)
        else { return nil }
        var moment = Moment(days: 0)
        if scanner.skip("Tt") || isTimeNext(&scanner) {
            scanner.skipSpaces()
            guard let time = time(&scanner) else { return nil }
            moment.time = time
            guard offset(&scanner, &moment) else { return nil }
        }
        scanner.skipSpaces()
        let isBeforeChrist = scanner.skip(word: "BC")
        if !isBeforeChrist { _ = scanner.skip(word: "AD") }
        guard scanner.isAtEnd, year > 0, let days = days(isBeforeChrist ? 1 - year : year, month, date) else {
            return nil
        }
        moment.days = days
        return moment
    }

    /// Microseconds since midnight.
    static func time(_ text: String) -> Int64? {
        var scanner = TextScanner(text)
        guard let time = time(&scanner), scanner.isAtEnd else { return nil }
        return time
    }

    /// To so many digits of a second, halves away from zero, counted from 2000 as PostgreSQL does for moments.
    static func rounded(_ microseconds: Int64, to digits: Int, since origin: Int64 = 0) -> Int64 {
        guard digits < 6 else { return microseconds }
        let unit = (digits..<6).reduce(Int64(1)) { unit, _ in unit * 10 }
        let (span, overflows) = microseconds.subtractingReportingOverflow(origin)
        guard !overflows else { return microseconds }
        let size = (Int64(clamping: span.magnitude) + unit / 2) / unit * unit
        return origin + (span < 0 ? -size : size)
    }

    private static func isTimeNext(_ scanner: inout TextScanner) -> Bool {
        guard scanner.next == UInt8(ascii: " ") else { return false }
        scanner.skipSpaces()
        return scanner.next.map { (0x30...0x39).contains($0) } ?? false
    }

    private static func time(_ scanner: inout TextScanner) -> Int64? {
        guard let hours = scanner.number(1...2), scanner.skip(":"), let minutes = scanner.number(2...2) else {
            return nil
        }
        var (seconds, fraction): (Int64, Int64) = (0, 0)
        if scanner.skip(":") {
            guard let whole = scanner.number(2...2), let rest = scanner.millionths() else { return nil }
            (seconds, fraction) = (whole, rest)
        }
        let time = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
        return minutes < 60 && seconds <= 60 && time <= day ? time : nil
    }

    /// - Returns: Whether what follows is a zone, or nothing that is none.
    private static func offset(_ scanner: inout TextScanner, _ moment: inout Moment) -> Bool {
        scanner.skipSpaces()
        if scanner.skip(word: "Z") || scanner.skip(word: "UTC") || scanner.skip(word: "GMT") {
            moment.offset = 0
            return true
        }
        let isWest = scanner.next == UInt8(ascii: "-")
        guard scanner.skip("+-") else { return true }
        guard let digits = scanner.number(1...4) else { return false }
        var seconds = digits < 100 ? digits * 3600 : digits / 100 * 3600 + digits % 100 * 60
        for unit: Int64 in [60, 1] where scanner.skip(":") {
            guard let part = scanner.number(2...2), part < 60, digits < 100 else { return false }
            seconds += part * unit
        }
        guard seconds < 16 * 3600, digits < 100 || digits % 100 < 60 else { return false }
        moment.offset = (isWest ? -seconds : seconds) * 1_000_000
        return true
    }

    /// The day's number since 1970; `nil` for a day that the calendar does not have.
    ///
    /// The algorithm is Howard Hinnant's `days_from_civil` (https://howardhinnant.github.io/date_algorithms.html).
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
        guard 1...12 ~= month else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard 1...lengths[Int(month) - 1] ~= day else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}
