import TallyModel

/// The order of keys in the in-memory stores: by kind of value, then by value.
enum KeyOrder {
    static func isBefore(_ left: Row, _ right: Row) -> Bool {
        for (first, second) in zip(left.values, right.values) where first != second {
            return isBefore(first, second)
        }
        return left.values.count < right.values.count
    }

    static func contains(_ range: KeyRange, _ key: Row) -> Bool {
        if let lower = range.lower, !isBefore(lower, key) { return false }
        if let upper = range.upper, isBefore(upper, key) { return false }
        return true
    }

    private static func isBefore(_ left: Value?, _ right: Value?) -> Bool {
        switch (left, right) {
        case (.integer(let left)?, .integer(let right)?): left < right
        case (.text(let left)?, .text(let right)?): left < right
        case (.real(let left)?, .real(let right)?): left < right
        case (.bytes(let left)?, .bytes(let right)?): left.lexicographicallyPrecedes(right)
        default: rank(left) < rank(right)
        }
    }

    private static func rank(_ value: Value?) -> Int {
        switch value {
        case nil: 0
        case .null?: 1
        case .integer?: 2
        case .real?: 3
        case .text?: 4
        case .bytes?: 5
        default: 6
        }
    }
}
