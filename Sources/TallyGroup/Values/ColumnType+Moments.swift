import TallyModel

/// Dates, times and intervals.
extension ColumnType {
    func interval(_ value: Value) -> Value? {
        switch value {
        case .interval: value
        case .time(let microseconds): .interval(Interval(months: 0, days: 0, microseconds: microseconds))
        case .text(let text): IntervalText.interval(text).map(Value.interval)
        default: nil
        }
    }

    func moment(_ value: Value) -> Reading {
        switch (self, value) {
        case (.date, .date), (.time, .time): return fitted(value)
        case (.timestamp(_, let isZoned), .timestamp(let microseconds, _)):
            return fitted(.timestamp(microseconds: microseconds, isZoned: isZoned))
        case (.timestamp(_, let isZoned), .date(let days)):
            return .same(.timestamp(microseconds: Int64(days) * MomentText.day, isZoned: isZoned))
        case (.time, .text(let text)): return MomentText.time(text).map { fitted(.time(microseconds: $0)) } ?? .foreign
        case (.date, .timestamp(let microseconds, _)):
            let days = Self.days(microseconds)
            let date = Value.date(days: Int32(clamping: days))
            return days * MomentText.day == microseconds ? .same(date) : .rounded(date)
        case (_, .text(let text)): return read(text)
        case (_, .other(let other)):
            guard let text = String(validating: other.bytes, as: UTF8.self) else { return .foreign }
            if case .same(let value) = read(text) { return .same(value) }
            // A moment that only PostgreSQL can count.
            return other.typeName == OtherValue.malformedText ? .foreign : .same(value)
        default: return .foreign
        }
    }

    private func read(_ text: String) -> Reading {
        if case .time = self { return .foreign }
        if let infinity = infinity(text) { return .same(infinity) }
        guard let moment = MomentText.moment(text) else { return .foreign }
        if case .timestamp(_, let isZoned) = self {
            let (start, overflows) = moment.days.multipliedReportingOverflow(by: MomentText.day)
            guard !overflows, start.magnitude < UInt64(Int64.max) - 4 * MomentText.day.magnitude else {
                return .foreign
            }
            // PostgreSQL passes over a zone where the type has none.
            let instant = start + (moment.time ?? 0) - (isZoned ? moment.offset ?? 0 : 0)
            return fitted(.timestamp(microseconds: instant, isZoned: isZoned))
        }
        guard let days = Int32(exactly: moment.days) else { return .foreign }
        return moment.time ?? 0 == 0 ? .same(.date(days: days)) : .rounded(.date(days: days))
    }

    /// With as many digits of a second as the type keeps.
    private func fitted(_ value: Value) -> Reading {
        let fitting: Value =
            switch (self, value) {
            case (.time(let digits), .time(let time)): .time(microseconds: MomentText.rounded(time, to: digits))
            case (.timestamp(let digits, let isZoned), .timestamp(let time, _)):
                .timestamp(
                    microseconds: MomentText.rounded(time, to: digits, since: 10_957 * MomentText.day),
                    isZoned: isZoned
                )
            default: value
            }
        return fitting == value ? .same(value) : .rounded(fitting)
    }

    private func infinity(_ text: String) -> Value? {
        let name: String
        switch text.trimmingSpaces.lowercased() {
        case "infinity", "+infinity": name = "infinity"
        case "-infinity": name = "-infinity"
        default: return nil
        }
        return .other(OtherValue(typeName: typeName, bytes: Array(name.utf8)))
    }

    private var typeName: String {
        switch self {
        case .date: "date"
        case .timestamp(_, isZoned: true): "timestamp with time zone"
        default: "timestamp without time zone"
        }
    }

    private static func days(_ microseconds: Int64) -> Int64 {
        let (days, rest) = microseconds.quotientAndRemainder(dividingBy: MomentText.day)
        return rest < 0 ? days - 1 : days
    }
}
