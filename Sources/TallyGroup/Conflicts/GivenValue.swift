import Foundation
package import TallyModel

/// A value as a person writes it on a command line, to be read as the kind of value that a column holds.
///
/// `NULL` is null, and `'NULL'` in quotes is text; a quote within quotes is written twice.
package struct GivenValue {
    let text: String

    package init(_ text: String) {
        self.text = text
    }

    /// Reads the text as a value for a column.
    ///
    /// - Parameter examples: What the column holds and held, the most telling first.
    /// - Throws: ``Refusal`` with code `invalid` that names the column and what it takes.
    package func value(for column: Column, like examples: [Value?]) throws(Refusal) -> Value {
        if text == "NULL" {
            guard column.isNullable else { throw Refusal(.invalid, "\(column.name) takes no NULL") }
            return .null
        }
        let example = examples.compactMap(\.self).first { $0 != .null } ?? Self.example(of: column.declaredType)
        let (value, form) = read(like: example, column)
        guard let value else {
            throw Refusal(.invalid, "\(column.name): “\(text)” does not fit; it takes \(form)")
        }
        return value
    }

    /// The text as values of the kinds that it could be.
    var readings: [Value] {
        var readings: [Value] = []
        if let integer = Int64(text) { readings.append(.integer(integer)) }
        readings.append(.text(unquoted))
        if let uuid { readings.append(uuid) }
        if let bytes { readings.append(.bytes(bytes)) }
        if let real = Double(text) { readings.append(.real(real)) }
        if Self.isDecimal(text) { readings.append(.decimal(text)) }
        if let flag { readings.append(.boolean(flag)) }
        if let moment { readings += moment }
        return readings
    }

    private func read(like example: Value, _ column: Column) -> (value: Value?, form: String) {
        switch example {
        case .integer:
            if let integer = Int64(text) { return (.integer(integer), "a whole number") }
            let isWhole = column.declaredType.lowercased().contains("int")
            return isWhole ? (nil, "a whole number") : (number, "a number")
        case .real: return (number, "a number")
        case .decimal: return (Self.isDecimal(text) ? .decimal(text) : nil, "a number in plain digits, like -12.50")
        case .boolean: return (flag.map(Value.boolean), "true or false")
        case .text: return (.text(unquoted), "text")
        case .json:
            // Whether it is one is all that is asked.
            let isJSON = (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil
            return (isJSON ? .json(text) : nil, "JSON")
        case .bytes: return (bytes.map(Value.bytes), "bytes in hexadecimal, like x'00ff'")
        case .uuid: return (uuid, "a UUID")
        case .date: return (moment?.first { if case .date = $0 { true } else { false } }, "a date, like 2024-02-29")
        case .timestamp(_, let isZoned):
            let value = moment?.first { if case .timestamp(_, isZoned) = $0 { true } else { false } }
            return (value, "a moment, like 2024-02-29T13:45:00")
        case .other(let other):
            return (.other(OtherValue(typeName: other.typeName, bytes: Array(unquoted.utf8))), "text")
        case .null, .time, .interval, .array:
            return (nil, "what cannot be written here; say --keep, or write the row in a member")
        }
    }

    private static func example(of declaredType: String) -> Value {
        let type = declaredType.lowercased()
        func names(_ words: String...) -> Bool { words.contains(where: type.contains) }
        if type.hasSuffix("[]") { return .array([]) }
        if names("bool") { return .boolean(false) }
        if names("interval") { return .interval(Interval(months: 0, days: 0, microseconds: 0)) }
        if names("int", "serial") { return .integer(0) }
        if names("real", "double", "float") { return .real(0) }
        if names("numeric", "decimal") { return .decimal("0") }
        if names("json") { return .json("null") }
        if names("uuid") { return .uuid(high: 0, low: 0) }
        if names("blob", "bytea") { return .bytes([]) }
        return .text("")
    }

    private var unquoted: String {
        guard text.count >= 2, text.hasPrefix("'"), text.hasSuffix("'") else { return text }
        return String(text.dropFirst().dropLast()).replacing("''", with: "'")
    }

    private var number: Value? {
        guard let real = Double(text), real.isFinite else { return nil }
        return .real(real)
    }

    private var flag: Bool? {
        ["true": true, "false": false][text.lowercased()]
    }

    private static func isDecimal(_ text: String) -> Bool {
        var digits = text[...]
        if digits.hasPrefix("-") { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }
    }

    private var bytes: [UInt8]? {
        guard text.count.isMultiple(of: 2) == false, text.lowercased().hasPrefix("x'"), text.hasSuffix("'") else {
            return nil
        }
        let digits = Array(text.dropFirst(2).dropLast())
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard place + 1 < digits.count, let byte = UInt8(String(digits[place...place + 1]), radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        return bytes
    }

    private var uuid: Value? {
        guard let uuid = UUID(uuidString: text)?.uuid else { return nil }
        let bytes = [
            uuid.0, uuid.1, uuid.2, uuid.3, uuid.4, uuid.5, uuid.6, uuid.7, uuid.8, uuid.9, uuid.10, uuid.11, uuid.12,
            uuid.13, uuid.14, uuid.15,
        ]
        func half(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return .uuid(high: half(bytes[..<8]), low: half(bytes[8...]))
    }

    /// A date as days and as moments; a date with a time as moments.
    private var moment: [Value]? {
        let isDate = text.count == 10
        let normal = text.replacing(" ", with: "T")
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: normal.contains("."))
        // A text that is no moment is another kind of value.
        guard let date = try? style.parse(isDate ? text + "T00:00:00Z" : normal.hasSuffix("Z") ? normal : normal + "Z")
        else { return nil }
        let microseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
        var values = [true, false].map { Value.timestamp(microseconds: microseconds, isZoned: $0) }
        if isDate {
            let days = Int64((date.timeIntervalSince1970 / 86_400).rounded())
            values.insert(.date(days: Int32(clamping: days)), at: 0)
        }
        return values
    }
}
