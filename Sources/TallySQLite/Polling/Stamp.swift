import SQLite
package import TallyModel

/// A value of a timestamp column, understood: the moment it means, and the form it is written in.
///
/// SQLite has no type for time; these are the forms that its own date functions and most libraries write
/// (https://www.sqlite.org/lang_datefunc.html). A time without a zone counts as UTC.
package struct Stamp: Sendable, Hashable {
    package enum Precision: Sendable, Hashable {
        case day, minute, second

        var microseconds: Int64 {
            switch self {
            case .day: 86_400_000_000
            case .minute: 60_000_000
            case .second: 1_000_000
            }
        }

        /// How many characters of `yyyy-mm-dd hh:mm:ss` it keeps.
        var length: Int {
            switch self {
            case .day: 10
            case .minute: 16
            case .second: 19
            }
        }
    }

    package enum Unit: Sendable, Hashable {
        case seconds, milliseconds, microseconds, nanoseconds

        /// The unit that makes a number a moment of our age.
        init(magnitude: Double) {
            self =
                switch magnitude {
                case ..<1e11: .seconds
                case ..<1e14: .milliseconds
                case ..<1e17: .microseconds
                default: .nanoseconds
                }
        }

        var perSecond: Double {
            switch self {
            case .seconds: 1
            case .milliseconds: 1e3
            case .microseconds: 1e6
            case .nanoseconds: 1e9
            }
        }
    }

    package enum Form: Sendable, Hashable {
        /// `isShifted` when a numeric zone offset follows: then the order of the texts is not the order of the moments.
        case text(separator: UInt8, precision: Precision, isShifted: Bool)
        case integer(Unit)
        case real(Unit)
        case julianDay
    }

    /// Microseconds since 1970-01-01 00:00 UTC.
    package let moment: Int64
    package let form: Form

    /// - Returns: `nil` for a value in none of the forms.
    package init?(_ value: Value) {
        switch value {
        case .text(let text):
            guard let stamp = StampText.read(text) else { return nil }
            self = stamp
        case .integer(let integer):
            // A Julian day at noon is stored as an integer in a column of numeric affinity. As seconds these numbers
            // would be days of early 1970.
            if Self.modernJulianDays.contains(integer) {
                self.init(julianDay: Double(integer))
            } else {
                let unit = Unit(magnitude: Double(integer.magnitude))
                self.init(moment: Self.microseconds(integer, unit), form: .integer(unit))
            }
        case .real(let real):
            guard real.isFinite else { return nil }
            if Self.julianDays.contains(real) {
                self.init(julianDay: real)
            } else {
                let unit = Unit(magnitude: abs(real))
                self.init(moment: Self.clamped(real / unit.perSecond * 1e6), form: .real(unit))
            }
        default: return nil
        }
    }

    init(moment: Int64, form: Form) {
        self.moment = moment
        self.form = form
    }

    private init(julianDay: Double) {
        self.init(moment: Self.clamped((julianDay - Self.julianEpoch) * 86_400e6), form: .julianDay)
    }

    // MARK: Bounds

    /// A value in the same form that no row stamped at or after `moment` sorts before.
    package func bound(at moment: Int64) -> Value {
        switch form {
        case .text(let separator, let precision, let isShifted):
            // The earliest local time that any zone shows at the moment.
            let local = isShifted ? moment - 12 * Self.hour : moment
            // Cut to its precision and without fraction or zone it is a prefix of all texts of its second, and a prefix
            // sorts first.
            let whole = Self.floor(local, to: precision.microseconds)
            guard case .text(let text)? = Value.timestamp(microseconds: whole, isZoned: false).scalar else {
                return .null
            }
            var bytes = Array(text.utf8.prefix(precision.length))
            if bytes.count > 10 { bytes[10] = separator }
            return .text(String(decoding: bytes, as: UTF8.self))
        case .integer(let unit): return .integer(Self.count(moment, unit))
        case .real(let unit): return .real(Double(moment) / 1e6 * unit.perSecond)
        case .julianDay: return .real(Double(moment) / 86_400e6 + Self.julianEpoch)
        }
    }

    /// The earliest moment that a row which sorts at or after ``bound(at:)`` can have, and a little less.
    package func reach(at moment: Int64) -> Int64 {
        switch form {
        case .text(_, let precision, let isShifted):
            // Up to 12 hours for the bound, 14 for the zone furthest ahead.
            Self.floor(isShifted ? moment - 26 * Self.hour : moment, to: precision.microseconds) - 1_000_000
        case .integer, .real, .julianDay: moment - 1_000_000
        }
    }

    // MARK: Numbers

    private static let hour: Int64 = 3_600_000_000
    /// 1970-01-01 00:00 as a Julian day.
    private static let julianEpoch = 2_440_587.5
    /// The years 0000 to 9999, the range of SQLite's date functions.
    private static let julianDays = 1_721_059.5..<5_373_484.5
    /// The years 1900 to 2100.
    private static let modernJulianDays: Range<Int64> = 2_415_021..<2_488_070

    static func floor(_ number: Int64, to step: Int64) -> Int64 {
        let rest = number % step
        return number - (rest < 0 ? rest + step : rest)
    }

    private static func clamped(_ microseconds: Double) -> Int64 {
        // A quarter of the range leaves room to subtract overlaps without overflow.
        Int64(min(max(microseconds, -2e18), 2e18))
    }

    private static func microseconds(_ count: Int64, _ unit: Unit) -> Int64 {
        switch unit {
        case .seconds: count * 1_000_000
        case .milliseconds: count * 1000
        case .microseconds: count
        case .nanoseconds: count / 1000
        }
    }

    private static func count(_ microseconds: Int64, _ unit: Unit) -> Int64 {
        switch unit {
        case .seconds: floor(microseconds, to: 1_000_000) / 1_000_000
        case .milliseconds: floor(microseconds, to: 1000) / 1000
        case .microseconds: microseconds
        case .nanoseconds: microseconds.multipliedReportingOverflow(by: 1000).partialValue
        }
    }
}
