public import TallyModel

/// A total order of values, the same on every node and in every store.
///
/// Kinds come in this order: null, booleans, numbers, dates, times, timestamps, intervals, UUIDs, text, bytes, JSON,
/// arrays, others. Numbers compare by what they are exactly, whatever their kind: `-Infinity` first, `Infinity` after
/// all finite ones, then NaN, then decimals that are no numbers. The `-infinity` and `infinity` of dates and timestamps, which
/// travel as others, come before all dates and after all timestamps. Text, JSON and others compare by their bytes,
/// intervals as months of 30 days of 24 hours and then part by part, arrays element by element.
public enum ValueOrder {
    /// Below zero, zero or above it as `left` comes before `right`, equals it or comes after it.
    public static func compare(_ left: Value, _ right: Value) -> Int {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): order(left ? 1 : 0, right ? 1 : 0)
        case (.date(let left), .date(let right)): order(left, right)
        case (.time(let left), .time(let right)): order(left, right)
        case (.timestamp(let left, let isLeftZoned), .timestamp(let right, let isRightZoned)):
            left == right ? order(isLeftZoned ? 1 : 0, isRightZoned ? 1 : 0) : order(left, right)
        case (.interval(let left), .interval(let right)): compare(left, right)
        case (.uuid(let leftHigh, let leftLow), .uuid(let rightHigh, let rightLow)):
            leftHigh == rightHigh ? order(leftLow, rightLow) : order(leftHigh, rightHigh)
        case (.text(let left), .text(let right)), (.json(let left), .json(let right)):
            compare(left.utf8, right.utf8)
        case (.bytes(let left), .bytes(let right)): compare(left, right)
        case (.array(let left), .array(let right)):
            zip(left, right).lazy.map { compare($0, $1) }.first { $0 != 0 } ?? order(left.count, right.count)
        case (.other(let left), .other(let right)) where left.isMoment == right.isMoment:
            left.typeName.isIdentical(to: right.typeName)
                ? compare(left.bytes, right.bytes) : compare(left.typeName.utf8, right.typeName.utf8)
        default:
            rank(left) == numbers && rank(right) == numbers
                ? compareNumbers(left, right) : order(rank(left), rank(right))
        }
    }

    private static func rank(_ value: Value) -> Int {
        switch value {
        case .null: 0
        case .boolean: 10
        case .integer, .real, .decimal: numbers
        case .date: 30
        case .time: 40
        case .timestamp: 50
        case .interval: 60
        case .uuid: 70
        case .text: 80
        case .bytes: 90
        case .json: 100
        case .array: 110
        case .other(let other):
            !other.isMoment ? 120 : other.bytes.first == UInt8(ascii: "-") ? 29 : 51
        }
    }

    private static let numbers = 20

    private static func compareNumbers(_ left: Value, _ right: Value) -> Int {
        let (leftClass, rightClass) = (numberClass(left), numberClass(right))
        if leftClass != rightClass { return order(leftClass, rightClass) }
        if let left = Number(left), let right = Number(right) { return left.compared(to: right) }
        if leftClass == 4, case .decimal(let left) = left, case .decimal(let right) = right {
            return compare(left.utf8, right.utf8)
        }
        return 0
    }

    private static func numberClass(_ value: Value) -> Int {
        switch value {
        case .real(let real) where !real.isFinite: return real.isNaN ? 3 : real < 0 ? 0 : 2
        case .decimal("-Infinity"): return 0
        case .decimal("Infinity"): return 2
        case .decimal("NaN"): return 3
        case .decimal: return Number(value) == nil ? 4 : 1
        default: return 1
        }
    }

    private static func compare(_ left: Interval, _ right: Interval) -> Int {
        func length(_ interval: Interval) -> Int128 {
            (Int128(interval.months) * 30 + Int128(interval.days)) * 86_400_000_000 + Int128(interval.microseconds)
        }
        if length(left) != length(right) { return order(length(left), length(right)) }
        return left.months == right.months ? order(left.days, right.days) : order(left.months, right.months)
    }

    private static func compare(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Int {
        left.lexicographicallyPrecedes(right) ? -1 : right.lexicographicallyPrecedes(left) ? 1 : 0
    }

    private static func order<C: Comparable>(_ left: C, _ right: C) -> Int {
        left < right ? -1 : left > right ? 1 : 0
    }
}

extension OtherValue {
    /// Whether this is one of the two ends of time.
    fileprivate var isMoment: Bool {
        (typeName.hasPrefix("date") || typeName.hasPrefix("timestamp"))
            && (bytes == Array("infinity".utf8) || bytes == Array("-infinity".utf8))
    }
}
