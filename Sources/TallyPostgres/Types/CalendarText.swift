import TallyModel

/// Dates, times and intervals as the server writes them with `DateStyle` ISO, `IntervalStyle` iso_8601 and time zone UTC.
enum CalendarText {
    static let microsecondsPerDay: Int64 = 86_400_000_000

    // MARK: Reading

    /// Days since 1970.
    static func days(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var cursor = TextCursor(bytes: bytes)
        guard let date = date(&cursor), let days = days(date, &cursor), cursor.isAtEnd else { return nil }
        return days
    }

    static func time(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        var cursor = TextCursor(bytes: bytes)
        guard let time = time(&cursor), cursor.isAtEnd else { return nil }
        return time
    }

    /// Days since 1970 and microseconds of the day, with the offset taken off where one is written.
    static func timestamp(_ bytes: UnsafeRawBufferPointer) -> (days: Int64, microseconds: Int64)? {
        var cursor = TextCursor(bytes: bytes)
        guard let date = date(&cursor), cursor.take(UInt8(ascii: " ")), let time = time(&cursor),
            let offset = offset(&cursor), let days = days(date, &cursor), cursor.isAtEnd
        else { return nil }
        return (days, time - offset)
    }

    private static func date(_ cursor: inout TextCursor) -> (year: Int64, month: Int64, day: Int64)? {
        guard let year = cursor.digits(), cursor.take(UInt8(ascii: "-")),
            let month = cursor.digits(), cursor.take(UInt8(ascii: "-")), let day = cursor.digits(),
            year < 10_000_000, 1...12 ~= month, 1...31 ~= day
        else { return nil }
        return (year, month, day)
    }

    /// The era is written at the very end, after a time and its zone.
    private static func days(_ date: (year: Int64, month: Int64, day: Int64), _ cursor: inout TextCursor) -> Int64? {
        let year = cursor.take(" BC") ? 1 - date.year : date.year
        return dayNumber(year: year, month: date.month, day: date.day)
    }

    private static func time(_ cursor: inout TextCursor) -> Int64? {
        guard let hours = cursor.digits(), cursor.take(UInt8(ascii: ":")),
            let minutes = cursor.digits(), cursor.take(UInt8(ascii: ":")),
            let seconds = cursor.digits(), let fraction = cursor.fraction(),
            hours <= 24, minutes < 60, seconds <= 60
        else { return nil }
        return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction
    }

    /// The zone's offset in microseconds; 0 where none is written.
    private static func offset(_ cursor: inout TextCursor) -> Int64? {
        let isWest = cursor.peek == UInt8(ascii: "-")
        guard isWest || cursor.peek == UInt8(ascii: "+") else { return 0 }
        cursor.offset += 1
        guard var seconds = cursor.digits(), seconds < 100 else { return nil }
        seconds *= 3600
        for unit: Int64 in [60, 1] where cursor.take(UInt8(ascii: ":")) {
            guard let part = cursor.digits(), part < 60 else { return nil }
            seconds += part * unit
        }
        return (isWest ? -seconds : seconds) * 1_000_000
    }

    /// `P1Y2M-3DT4H5M-6.5S`: each part has its own sign.
    static func interval(_ bytes: UnsafeRawBufferPointer) -> Interval? {
        var cursor = TextCursor(bytes: bytes)
        guard cursor.take(UInt8(ascii: "P")) else { return nil }
        var (months, days, microseconds): (Int64, Int64, Int64) = (0, 0, 0)
        var isTime = false
        while !cursor.isAtEnd {
            if cursor.take(UInt8(ascii: "T")) {
                guard !isTime else { return nil }
                isTime = true
                continue
            }
            let sign: Int64 = cursor.take(UInt8(ascii: "-")) ? -1 : 1
            guard let number = cursor.digits(), let fraction = cursor.fraction() else { return nil }
            let unit = cursor.peek
            cursor.offset += 1
            guard fraction == 0 || unit == UInt8(ascii: "S") else { return nil }
            let isRead: Bool
            switch (unit, isTime) {
            case (UInt8(ascii: "Y"), false): isRead = add(sign * number, times: 12, to: &months)
            case (UInt8(ascii: "M"), false): isRead = add(sign * number, times: 1, to: &months)
            case (UInt8(ascii: "D"), false): isRead = add(sign * number, times: 1, to: &days)
            case (UInt8(ascii: "H"), true): isRead = add(sign * number, times: 3_600_000_000, to: &microseconds)
            case (UInt8(ascii: "M"), true): isRead = add(sign * number, times: 60_000_000, to: &microseconds)
            case (UInt8(ascii: "S"), true):
                isRead =
                    add(sign * number, times: 1_000_000, to: &microseconds)
                    && add(sign * fraction, times: 1, to: &microseconds)
            default: return nil
            }
            guard isRead else { return nil }
        }
        guard let months = Int32(exactly: months), let days = Int32(exactly: days) else { return nil }
        return Interval(months: months, days: days, microseconds: microseconds)
    }

    private static func add(_ number: Int64, times unit: Int64, to sum: inout Int64) -> Bool {
        let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit)
        let (result, isStillTooLarge) = sum.addingReportingOverflow(product)
        sum = result
        return !isTooLarge && !isStillTooLarge
    }

    // MARK: Writing

    static func appendDate(_ days: Int64, to writer: inout ByteWriter) {
        if appendDay(days, to: &writer) { writer.append(" BC") }
    }

    /// - Returns: Whether the era has to follow.
    private static func appendDay(_ days: Int64, to writer: inout ByteWriter) -> Bool {
        let (year, month, day) = civil(days)
        let shown = UInt64(year > 0 ? year : 1 - year)
        if shown < 10_000 { writer.appendDigits(shown, width: 4) } else { writer.appendDigits(shown) }
        writer.append(UInt8(ascii: "-"))
        writer.appendDigits(UInt64(month), width: 2)
        writer.append(UInt8(ascii: "-"))
        writer.appendDigits(UInt64(day), width: 2)
        return year <= 0
    }

    /// A time of day from 0 to 24 hours, both included.
    static func appendTime(_ microseconds: Int64, to writer: inout ByteWriter) {
        let seconds = UInt64(microseconds / 1_000_000)
        writer.appendDigits(seconds / 3600, width: 2)
        writer.append(UInt8(ascii: ":"))
        writer.appendDigits(seconds / 60 % 60, width: 2)
        writer.append(UInt8(ascii: ":"))
        writer.appendDigits(seconds % 60, width: 2)
        appendFraction(UInt64(microseconds % 1_000_000), to: &writer)
    }

    static func appendTimestamp(_ microseconds: Int64, isZoned: Bool, to writer: inout ByteWriter) {
        let day = microsecondsPerDay
        let days = microseconds >= 0 ? microseconds / day : -1 - (-1 - microseconds) / day
        appendTimestamp(days: days, microseconds: microseconds - days * day, isZoned: isZoned, to: &writer)
    }

    static func appendTimestamp(days: Int64, microseconds: Int64, isZoned: Bool, to writer: inout ByteWriter) {
        let isBeforeChrist = appendDay(days, to: &writer)
        writer.append(UInt8(ascii: " "))
        appendTime(microseconds, to: &writer)
        if isZoned { writer.append("+00") }
        if isBeforeChrist { writer.append(" BC") }
    }

    static func appendInterval(_ interval: Interval, to writer: inout ByteWriter) {
        let start = writer.count
        writer.append(UInt8(ascii: "P"))
        appendPart(Int64(interval.months) / 12, "Y", to: &writer)
        appendPart(Int64(interval.months) % 12, "M", to: &writer)
        appendPart(Int64(interval.days), "D", to: &writer)
        if interval.microseconds != 0 {
            writer.append(UInt8(ascii: "T"))
            appendPart(interval.microseconds / 3_600_000_000, "H", to: &writer)
            appendPart(interval.microseconds / 60_000_000 % 60, "M", to: &writer)
            let rest = interval.microseconds % 60_000_000
            if rest != 0 {
                if rest < 0 { writer.append(UInt8(ascii: "-")) }
                writer.appendDigits(rest.magnitude / 1_000_000)
                appendFraction(rest.magnitude % 1_000_000, to: &writer)
                writer.append(UInt8(ascii: "S"))
            }
        }
        if writer.count == start + 1 { writer.append("T0S") }
    }

    private static func appendPart(_ number: Int64, _ unit: StaticString, to writer: inout ByteWriter) {
        guard number != 0 else { return }
        writer.appendDigits(number)
        writer.append(unit)
    }

    /// Without zeros at its end, as the server does.
    private static func appendFraction(_ microseconds: UInt64, to writer: inout ByteWriter) {
        guard microseconds != 0 else { return }
        var (number, width) = (microseconds, 6)
        while number % 10 == 0 {
            number /= 10
            width -= 1
        }
        writer.append(UInt8(ascii: "."))
        writer.appendDigits(number, width: width)
    }

    // MARK: The calendar

    // Both are Howard Hinnant's algorithms (https://howardhinnant.github.io/date_algorithms.html), for the proleptic
    // Gregorian calendar with a year 0.

    private static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
    }
}
