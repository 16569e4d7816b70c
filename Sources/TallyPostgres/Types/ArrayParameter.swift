package import TallyModel

/// The values of one column in many rows as one parameter, for `unnest($1::bigint[], $2::text[], …)`.
package struct ArrayParameter: Sendable, Hashable {
    package var parameter: Parameter
    /// The parameter's type, for the cast in the statement: `bigint[]`.
    package var type: String
    /// What each element has to be cast to before it can be compared or stored; `nil` where it is of the column's type.
    /// A type without modifiers, because a cast to `varchar(3)` cuts texts off where an assignment refuses them.
    package var elementType: String?

    /// Values that cannot be written, by the index of their row.
    package struct Refusal: Error, Sendable {
        package var rows: [(index: Int, problem: EncodingProblem)]
    }

    /// - Parameters:
    ///   - count: How many rows.
    ///   - value: The value in a row; `nil` for absent, which is refused.
    /// - Throws: ``Refusal``, with every row that is to be left out.
    package init(_ column: PostgresColumn, count: Int, value: (Int) -> Value?) throws(Refusal) {
        // `unnest` takes arrays of arrays apart to the last element, so arrays travel as texts.
        let isBinary = column.arrayType != 0 && column.shape.hasBinaryForm && column.shape.family != .array
        var writer = ByteWriter(capacity: 64 + count * 16)
        let typeName = column.typeNameWithoutModifiers
        if isBinary, try Self.fill(&writer, column, column.type, count, value) {
            parameter = Parameter(bytes: writer.array, isBinary: true, type: column.arrayType)
            type = "\(typeName)[]"
            return
        }
        writer.truncate(to: 0)
        _ = try Self.fill(&writer, column, nil, count, value)
        parameter = Parameter(bytes: writer.array, isBinary: true, type: 1009)
        type = "text[]"
        elementType = typeName == "text" ? nil : typeName
    }

    /// - Parameter elementType: `nil` for elements of type `text` that hold the values' text forms.
    /// - Returns: False where a value does not fit the binary form.
    private static func fill(
        _ writer: inout ByteWriter,
        _ column: PostgresColumn,
        _ elementType: UInt32?,
        _ count: Int,
        _ value: (Int) -> Value?
    ) throws(Refusal) -> Bool {
        var hasNull = false
        writer.appendBigEndian(Int32(count == 0 ? 0 : 1))
        let flags = writer.count
        writer.appendBigEndian(Int32(0))
        writer.appendBigEndian(elementType ?? 25)
        if count > 0 {
            writer.appendBigEndian(Int32(truncatingIfNeeded: count))
            writer.appendBigEndian(Int32(1))
        }
        var refused: [(index: Int, problem: EncodingProblem)] = []
        for index in 0..<count {
            do throws(EncodingProblem) {
                guard let value = value(index) else { throw EncodingProblem(.missing) }
                if case .null = value { hasNull = true }
                if elementType == nil {
                    try appendTextField(value, as: column.shape, to: &writer)
                } else {
                    guard !column.isReadAsText(value) else { return false }
                    guard try ValueEncoding.appendField(value, as: column.shape, to: &writer) else { return false }
                }
            } catch {
                refused.append((index, error.adding(column)))
            }
        }
        if !refused.isEmpty { throw Refusal(rows: refused) }
        if hasNull { writer.overwriteBigEndian(Int32(1), at: flags) }
        return true
    }

    private static func appendTextField(
        _ value: Value,
        as shape: ValueShape,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) {
        if case .null = value { return writer.appendBigEndian(Int32(-1)) }
        let mark = writer.count
        writer.appendBigEndian(Int32(0))
        try ValueEncoding.appendText(value, as: shape, to: &writer)
        writer.overwriteBigEndian(Int32(truncatingIfNeeded: writer.count - mark - 4), at: mark)
    }
}

extension PostgresColumn {
    /// The type without what stands in parentheses; the types for which nothing there means a length of 1 by the names
    /// that mean any length.
    package var typeNameWithoutModifiers: String {
        var name = ""
        var isQuoted = false
        var depth = 0
        for character in typeName {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == "(" { depth += 1 }
            if depth == 0 { name.append(character) }
            if !isQuoted, character == ")" { depth -= 1 }
        }
        for (word, open) in [("character", "bpchar"), ("bit", "\"bit\"")] {
            if name == word { return open }
            if name == "\(word)[]" { return "\(open)[]" }
        }
        // Which fields an interval keeps is a modifier too: `interval day to second(3)`.
        return name.hasPrefix("interval ") ? (name.hasSuffix("[]") ? "interval[]" : "interval") : name
    }
}
