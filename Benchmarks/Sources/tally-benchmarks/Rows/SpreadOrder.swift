/// The numbers below a count, each once, far from one another.
struct SpreadOrder {
    private let count: Int
    private let step: Int

    init(count: Int) {
        self.count = count
        // About the golden section, and with no common factor, so that every number comes once.
        var step = max(1, Int(Double(count) * 0.618_033_988_75))
        while Self.greatestCommonDivisor(step, count) != 1 { step += 1 }
        self.step = step
    }

    subscript(index: Int) -> Int { index * step % count }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }
}
