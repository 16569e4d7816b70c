import TallyModel

/// The text form of arrays: `{1,NULL,"a b"}`
/// (https://www.postgresql.org/docs/current/arrays.html, "Array Input and Output Syntax").
///
/// Types whose arrays have another delimiter than the comma are of shape ``ValueShape/other``.
struct ArrayLiteral {
    let element: ValueShape
    /// How many levels of ``Value/array(_:)`` are dimensions; `nil` where all are.
    let dimensions: Int?

    init(of element: ValueShape, dimensions: Int? = nil) {
        self.element = element
        self.dimensions = dimensions
    }

    func append(_ values: [Value], to writer: inout ByteWriter) throws(EncodingProblem) {
        try append(values, depth: 1, to: &writer)
    }

    private func append(_ values: [Value], depth: Int, to writer: inout ByteWriter) throws(EncodingProblem) {
        writer.append(UInt8(ascii: "{"))
        for (index, value) in values.enumerated() {
            if index > 0 { writer.append(UInt8(ascii: ",")) }
            switch value {
            case .null: writer.append("NULL")
            case .array(let inner) where dimensions.map { depth < $0 } ?? true:
                try append(inner, depth: depth + 1, to: &writer)
            default:
                let mark = writer.count
                try ValueEncoding.appendText(value, as: element, to: &writer)
                quoteIfNeeded(from: mark, in: &writer)
            }
        }
        writer.append(UInt8(ascii: "}"))
    }

    /// As `array_out` decides.
    private func quoteIfNeeded(from mark: Int, in writer: inout ByteWriter) {
        let needsQuotes = writer.withBytes(from: mark) { bytes in
            if bytes.isEmpty { return true }
            if bytes.count == 4, zip(bytes, "null".utf8).allSatisfy({ $0 | 0x20 == $1 }) { return true }
            return bytes.contains { byte in
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "{"), UInt8(ascii: "}"), 0x20, 0x09...0x0d:
                    true
                default: byte == UInt8(ascii: ",")
                }
            }
        }
        guard needsQuotes else { return }
        writer.rewrite(from: mark) { bytes, writer in
            writer.append(UInt8(ascii: "\""))
            for byte in bytes {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { writer.append(UInt8(ascii: "\\")) }
                writer.append(byte)
            }
            writer.append(UInt8(ascii: "\""))
        }
    }

    // MARK: From JSON

    /// Appends the array that a JSON text holds; for arrays of documents, each element is one.
    ///
    /// - Returns: False for what is no JSON array; what was appended by then is for the caller to take back.
    func append(json text: String, to writer: inout ByteWriter) throws(EncodingProblem) -> Bool {
        var text = text
        // A closure of the standard library's passes no typed errors on.
        let result: Result<Bool, EncodingProblem> = text.withUTF8 { bytes in
            var cursor = TextCursor(bytes: UnsafeRawBufferPointer(bytes))
            do throws(EncodingProblem) {
                skipSpace(&cursor)
                guard cursor.take(UInt8(ascii: "[")), try appendArray(&cursor, depth: 1, to: &writer) else {
                    return .success(false)
                }
                skipSpace(&cursor)
                return .success(cursor.isAtEnd)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private var holdsDocuments: Bool { element.family == .json }

    private func skipSpace(_ cursor: inout TextCursor) {
        while !cursor.isAtEnd, [0x20, 0x09, 0x0a, 0x0d].contains(cursor.peek) { cursor.offset += 1 }
    }

    /// What follows an opening bracket, up to its closing one.
    private func appendArray(
        _ cursor: inout TextCursor,
        depth: Int,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        guard depth <= ValueDecoding.mostDimensions else { return false }
        writer.append(UInt8(ascii: "{"))
        skipSpace(&cursor)
        if cursor.take(UInt8(ascii: "]")) {
            writer.append(UInt8(ascii: "}"))
            return true
        }
        while true {
            skipSpace(&cursor)
            if !holdsDocuments, cursor.take(UInt8(ascii: "[")) {
                guard try appendArray(&cursor, depth: depth + 1, to: &writer) else { return false }
            } else {
                guard try appendElement(&cursor, to: &writer) else { return false }
            }
            skipSpace(&cursor)
            if cursor.take(UInt8(ascii: "]")) {
                writer.append(UInt8(ascii: "}"))
                return true
            }
            guard cursor.take(UInt8(ascii: ",")) else { return false }
            writer.append(UInt8(ascii: ","))
        }
    }

    private func appendElement(
        _ cursor: inout TextCursor,
        to writer: inout ByteWriter
    ) throws(EncodingProblem) -> Bool {
        let start = cursor.offset
        let mark = writer.count
        guard JSONSkipping.skipValue(&cursor) else { return false }
        let document = UnsafeRawBufferPointer(rebasing: cursor.bytes[start..<cursor.offset])
        if document.elementsEqual("null".utf8) {
            writer.append("NULL")
            return true
        }
        if !holdsDocuments, document.first == UInt8(ascii: "\"") {
            if case .bytea = element { writer.append("\\x") }
            guard try JSONSkipping.appendString(document, to: &writer) else { return false }
        } else {
            writer.append(document)
        }
        quoteIfNeeded(from: mark, in: &writer)
        return true
    }
}
