/// A date of the proleptic Gregorian calendar, with a year 0 and years before it.
package struct CivilDate: Sendable, Hashable {
    package let year: Int64
    package let month: Int64
    package let day: Int64

    /// The algorithm is Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html).
    ///
    /// - Parameter days: Since 1970-01-01.
    package init(days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// The date that a moment is on.
    ///
    /// - Parameter microseconds: Since 1970-01-01 00:00.
    /// - Returns: The date as a day number, and the time of day from 0 up, before 1970 too.
    package static func split(_ microseconds: Int64) -> (days: Int64, time: Int64) {
        let day: Int64 = 86_400_000_000
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: day)
        return remainder < 0 ? (quotient - 1, remainder + day) : (quotient, remainder)
    }
}
