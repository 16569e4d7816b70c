import TallyModel

/// What a column says by which rows are marked as deleted.
enum SoftDelete {
    /// Whether the value is neither null, 0 nor empty.
    static func isSet(_ value: Value?) -> Bool {
        switch value {
        case nil, .null, .integer(0), .real(0), .text(""), .text("0"), .bytes([]), .boolean(false): false
        case .decimal(let digits): digits.contains { $0 != "0" && $0 != "." && $0 != "-" }
        default: true
        }
    }
}
