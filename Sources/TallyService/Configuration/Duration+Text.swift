extension Duration {
    /// Reads `250ms`, `2s`, `5m`, `1h` and `1d`; `nil` for any other text.
    init?(configured text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [Substring: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let amount = Int64(digits), let unit = units[text[digits.endIndex...]] else { return nil }
        let (milliseconds, isTooLarge) = amount.multipliedReportingOverflow(by: unit)
        // A hundred years: what is longer is a misprint, and would overflow sums of durations.
        guard !isTooLarge, milliseconds <= 36_525 * 86_400_000 else { return nil }
        self = .milliseconds(milliseconds)
    }

    static let configuredForm = "duration; write 250ms, 2s, 5m, 1h or 1d"
}
