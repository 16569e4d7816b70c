import TallyModel

/// Which of two values of a cursor column is the later, from the server's texts of them.
struct CursorOrder {
    private let column: PostgresColumn

    init(_ column: PostgresColumn) {
        self.column = column
    }

    /// - Throws: ``StoreError`` with code `damaged` for texts that are no values of the column's type.
    func isAfter(_ left: String, _ right: String) throws -> Bool {
        switch (try value(left), try value(right)) {
        case (.integer(let left), .integer(let right)): left > right
        case (.date(let left), .date(let right)): left > right
        case (.timestamp(let left, _), .timestamp(let right, _)): left > right
        case (.decimal(let left), .decimal(let right)): Self.isGreater(left, right)
        // A mark that stands at an infinity is left at once, and none comes to stand there.
        case (.other, _): false
        default: true
        }
    }

    private func value(_ text: String) throws -> Value {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes {
            try ValueDecoding.decodeText($0, as: column.shape, typeName: column.typeName)
        }
    }

    /// Compares plain digits of any length.
    private static func isGreater(_ left: String, _ right: String) -> Bool {
        func parts(_ text: String) -> (isNegative: Bool, whole: [UInt8], fraction: [UInt8]) {
            let digits = text.utf8.drop { $0 == UInt8(ascii: "-") }
            let halves = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
            let whole = halves[0].drop { $0 == UInt8(ascii: "0") }
            return (text.hasPrefix("-"), Array(whole), halves.count > 1 ? Array(halves[1]) : [])
        }
        let (left, right) = (parts(left), parts(right))
        guard left.isNegative == right.isNegative else { return right.isNegative }
        var isLess = left.whole.count < right.whole.count
        var isMore = left.whole.count > right.whole.count
        if !isLess, !isMore {
            let width = max(left.fraction.count, right.fraction.count)
            func padded(_ fraction: [UInt8]) -> [UInt8] {
                fraction + [UInt8](repeating: UInt8(ascii: "0"), count: width - fraction.count)
            }
            let (first, second) = (left.whole + padded(left.fraction), right.whole + padded(right.fraction))
            isLess = first.lexicographicallyPrecedes(second)
            isMore = second.lexicographicallyPrecedes(first)
        }
        return left.isNegative ? isLess : isMore
    }
}
