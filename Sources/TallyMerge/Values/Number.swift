public import TallyModel

/// A value that can be counted with.
enum Number: Sendable {
    case integer(Int64)
    case decimal(ExactNumber)
    case real(Double)

    /// Nil for values that are no numbers, and for those that cannot be added to: infinities and NaN.
    init?(_ value: Value?) {
        switch value {
        case .integer(let integer): self = .integer(integer)
        case .real(let real) where real.isFinite: self = .real(real)
        case .decimal(let text):
            guard let exact = ExactNumber(text) else { return nil }
            self = .decimal(exact)
        default: return nil
        }
    }

    var value: Value {
        switch self {
        case .integer(let integer): .integer(integer)
        case .decimal(let exact): .decimal(exact.text)
        case .real(let real): .real(real)
        }
    }

    private var exact: ExactNumber? {
        switch self {
        case .integer(let integer): ExactNumber(integer)
        case .decimal(let exact): exact
        case .real(let real): ExactNumber(exactly: real)
        }
    }

    private var real: Double {
        switch self {
        case .integer(let integer): Double(integer)
        case .decimal(let exact): Double(exact.text) ?? .nan
        case .real(let real): real
        }
    }

    /// Adds the difference of two numbers.
    ///
    /// Exact where no double takes part. An integer that no longer fits becomes a decimal, and stays one.
    mutating func add(from before: Number, to after: Number) {
        switch (self, before, after) {
        case (.integer(let sum), .integer(let before), .integer(let after)):
            let wide = Int128(sum) + Int128(after) - Int128(before)
            self = Int64(exactly: wide).map { .integer($0) } ?? .decimal(ExactNumber(wide))
        case (.real, _, _), (_, .real, _), (_, _, .real):
            self = .real(real + (after.real - before.real))
        default:
            guard let sum = exact, let before = before.exact, let after = after.exact else { return }
            self = .decimal(sum + after + before.negated)
        }
    }

    /// Compares by what the numbers are exactly.
    func compared(to other: Number) -> Int {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): return left < right ? -1 : left > right ? 1 : 0
        case (.real(let left), .real(let right)): return left < right ? -1 : left > right ? 1 : 0
        default:
            // Both are finite, so both have exact digits.
            guard let left = exact, let right = other.exact else { return 0 }
            return left.compared(to: right)
        }
    }
}

extension Value {
    /// The exact number that a text writes; `nil` for every other text.
    public init?(number text: String) {
        guard ExactNumber(text) != nil else { return nil }
        self = .decimal(text)
    }
}
