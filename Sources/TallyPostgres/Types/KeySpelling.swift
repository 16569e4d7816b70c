package import TallyModel

/// Which keys of a SQLite column may be written into a key column of PostgreSQL: never two that SQLite tells apart and
/// PostgreSQL would take for one.
///
/// SQLite keeps a uuid in any spelling, and texts, numbers and blobs side by side. Of all keys that PostgreSQL would read
/// as one value, only a single one is allowed, so that no row can be written over, or deleted, for another. Keys of
/// other stores hold one kind of value in one spelling.
package struct KeySpelling: Sendable, Hashable {
    private let shape: ValueShape
    /// Whether numbers can stand in the column as such: SQLite makes texts of them in others.
    private let mayHoldNumbers: Bool

    /// - Parameters:
    ///   - source: The column as the source of `definition` declares it.
    ///   - shape: That of the target's column.
    /// - Returns: `nil` where every key may be written.
    package init?(_ source: Column, of definition: NativeDefinition?, as shape: ValueShape) {
        guard definition?.kind == "sqlite" else { return nil }
        self.shape = shape
        let type = source.declaredType.uppercased()
        let isText = !type.contains("INT") && ["CHAR", "CLOB", "TEXT"].contains { type.contains($0) }
        mayHoldNumbers = !isText
    }

    /// What is wrong with a value as a key; `nil` where nothing is.
    package func problem(with value: Value) -> EncodingProblem? {
        let fault: String? =
            switch value {
            case .text(let text): fault(of: text)
            case .integer(let integer): fault(of: integer)
            case .real(let real): fault(of: real)
            case .bytes: shape == .bytea ? nil : "is a blob in a column of other values"
            case .other: "is a text that is not UTF-8"
            default: nil
            }
        return fault.map { EncodingProblem(.ambiguousKey($0)) }
    }

    /// How keys have to be spelled, for people; `nil` where the type asks for no spelling.
    package var rule: String? {
        switch shape.family {
        case .uuid: "in lower case with hyphens"
        case .date: "as 2024-02-29"
        case .time: "as 13:45:00 or 13:45:00.5"
        case .timestamp: "as 2024-02-29 13:45:00\(zone) or 2024-02-29 13:45:00.5\(zone)"
        default: nil
        }
    }

    private var zone: String { shape == .timestamptz ? "Z" : "" }

    // MARK: Kinds of values

    private func fault(of text: String) -> String? {
        switch shape.family {
        case .text: mayHoldNumbers && Self.isNumber(text) ? "is a text in a column that may hold the same number" : nil
        case .uuid, .date, .time, .timestamp: isCanonical(text) ? nil : "is not spelled \(rule ?? "")"
        case .integer, .number:
            !mayHoldNumbers && Int64(text).map { "\($0)" == text } == true
                ? nil : "is a text in a column of numbers"
        case .bytes: "is a text in a column of bytes"
        default: "is a text that can be spelled in more than one way"
        }
    }

    private func fault(of integer: Int64) -> String? {
        switch shape {
        case .bytea: "is a number in a column of bytes"
        case .float8 where Int64(exactly: Double(integer)) != integer: "is a number that the type would round"
        case .float4 where Int64(exactly: Float(integer)) != integer: "is a number that the type would round"
        default: nil
        }
    }

    private func fault(of real: Double) -> String? {
        switch shape {
        case .bytea: "is a number in a column of bytes"
        case .float4 where Double(Float(real)) != real: "is a number that the type would round"
        // Written with the digits that tell it from other reals, which may be those of an integer beside it.
        case .numeric where real.magnitude >= 9_007_199_254_740_992: "is a number whose digits are not all written"
        default: nil
        }
    }

    // MARK: Spellings

    /// Whether a number would be written like this.
    private static func isNumber(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "I") || first < 0x3A
        else {
            return false
        }
        if let integer = Int64(text) { return "\(integer)" == text }
        if ["Infinity", "-Infinity"].contains(text) { return true }
        return Double(text).map { "\($0)" == text } ?? false
    }

    private func isCanonical(_ text: String) -> Bool {
        if shape.family == .uuid { return Self.isUUID(text) }
        if shape.family != .time, ["infinity", "-infinity"].contains(text) { return true }
        guard text.hasSuffix(zone) else { return false }
        let bytes = Array(text.utf8.dropLast(zone.utf8.count))
        var writer = ByteWriter(capacity: 40)
        let isRead = bytes.withUnsafeBytes { bytes in
            switch shape.family {
            case .date:
                guard let days = CalendarText.days(bytes) else { return false }
                CalendarText.appendDate(days, to: &writer)
            case .time:
                guard let time = CalendarText.time(bytes) else { return false }
                CalendarText.appendTime(time, to: &writer)
            default:
                guard let (days, time) = CalendarText.timestamp(bytes) else { return false }
                guard 0..<CalendarText.microsecondsPerDay ~= time else { return false }
                CalendarText.appendTimestamp(days: days, microseconds: time, isZoned: false, to: &writer)
            }
            return true
        }
        return isRead && writer.array == bytes
    }

    private static func isUUID(_ text: String) -> Bool {
        text.utf8.count == 36
            && text.utf8.enumerated().allSatisfy { place, byte in
                [8, 13, 18, 23].contains(place)
                    ? byte == UInt8(ascii: "-")
                    : UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
            }
    }
}
