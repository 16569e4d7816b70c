import TallyModel

extension ByteCount {
    /// Reads `64MiB`, `1GiB`, `500KB`; `nil` for any other text.
    init?(configured text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units: [String: Int] = [
            "B": 1, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000,
            "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30,
        ]
        let unit = text[digits.endIndex...].drop { $0 == " " }
        guard let amount = Int(digits), let size = units[String(unit)] else { return nil }
        let (bytes, isTooLarge) = amount.multipliedReportingOverflow(by: size)
        if isTooLarge { return nil }
        self.init(bytes)
    }

    static let configuredForm = "size; write 64MiB, 1GiB or 500KB"
}
