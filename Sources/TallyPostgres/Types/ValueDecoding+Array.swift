import TallyModel

/// Arrays: `array_send` and `array_out` in the server's `arrayfuncs.c`.
extension ValueDecoding {
    /// MAXDIM.
    static let mostDimensions = 6

    // MARK: Binary

    static func array(_ bytes: UnsafeRawBufferPointer, of element: ValueShape, _ typeName: String) throws -> Value {
        guard bytes.count >= 12 else { throw damaged(typeName) }
        let dimensions = Int(bigEndian(bytes, at: 0) as Int32)
        guard 0...mostDimensions ~= dimensions else { throw damaged(typeName) }
        if dimensions == 0 { return .array([]) }
        guard bytes.count >= 12 + 8 * dimensions else { throw damaged(typeName) }
        var sizes: [Int] = []
        var bounds: [Int] = []
        var total = 1
        for dimension in 0..<dimensions {
            let size = Int(bigEndian(bytes, at: 12 + 8 * dimension) as Int32)
            // Each element takes four bytes at least: no room is made for more than can be there.
            guard size > 0, size <= bytes.count / 4 else { throw damaged(typeName) }
            total *= size
            guard total <= bytes.count / 4 else { throw damaged(typeName) }
            sizes.append(size)
            bounds.append(Int(bigEndian(bytes, at: 16 + 8 * dimension) as Int32))
        }
        let elementName = elementName(typeName)
        var offset = 12 + 8 * dimensions
        var elements: [Value] = []
        elements.reserveCapacity(total)
        for _ in 0..<total {
            guard bytes.count - offset >= 4 else { throw damaged(typeName) }
            let length = Int(bigEndian(bytes, at: offset) as Int32)
            offset += 4
            guard length >= 0 else {
                elements.append(.null)
                continue
            }
            guard bytes.count - offset >= length else { throw damaged(typeName) }
            let field = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
            elements.append(try decodeBinary(field, as: element, typeName: elementName))
            offset += length
        }
        guard offset == bytes.count else { throw damaged(typeName) }
        let value = nested(elements[...], sizes[...])
        if case .array = element { return try literal(value, of: element, sizes: sizes, bounds: bounds, typeName) }
        guard bounds.allSatisfy({ $0 == 1 }) else {
            return try literal(value, of: element, sizes: sizes, bounds: bounds, typeName)
        }
        return .array(value)
    }

    private static func nested(_ elements: ArraySlice<Value>, _ sizes: ArraySlice<Int>) -> [Value] {
        guard sizes.count > 1, let size = sizes.first else { return Array(elements) }
        let step = elements.count / size
        return (0..<size).map { index in
            let start = elements.startIndex + index * step
            return .array(nested(elements[start..<start + step], sizes.dropFirst()))
        }
    }

    private static func literal(
        _ elements: [Value],
        of element: ValueShape,
        sizes: [Int],
        bounds: [Int],
        _ typeName: String
    ) throws -> Value {
        try other(typeName) { text in
            if bounds.contains(where: { $0 != 1 }) {
                for (size, lower) in zip(sizes, bounds) {
                    text.append(UInt8(ascii: "["))
                    text.appendDigits(Int64(lower))
                    text.append(UInt8(ascii: ":"))
                    text.appendDigits(Int64(lower + size - 1))
                    text.append(UInt8(ascii: "]"))
                }
                text.append(UInt8(ascii: "="))
            }
            try ArrayLiteral(of: element, dimensions: sizes.count).append(elements, to: &text)
        }
    }

    /// `numeric(12,2)` for `numeric(12,2)[]`.
    private static func elementName(_ typeName: String) -> String {
        typeName.hasSuffix("[]") ? String(typeName.dropLast(2)) : typeName
    }

    // MARK: Text

    static func array(
        text bytes: UnsafeRawBufferPointer,
        of element: ValueShape,
        _ typeName: String
    ) throws -> Value {
        if case .array = element { return plain(bytes, typeName) }
        // Bounds are written only where one is not 1.
        guard bytes.first != UInt8(ascii: "[") else { return plain(bytes, typeName) }
        var cursor = TextCursor(bytes: bytes)
        guard cursor.take(UInt8(ascii: "{")) else { throw damaged(typeName) }
        let reader = ArrayTextReader(element: element, elementName: elementName(typeName))
        guard let elements = try reader.elements(&cursor, depth: 1), cursor.isAtEnd else { throw damaged(typeName) }
        return .array(elements)
    }
}

private struct ArrayTextReader {
    let element: ValueShape
    let elementName: String

    /// What follows an opening brace, up to its closing one; `nil` for what is no array.
    func elements(_ cursor: inout TextCursor, depth: Int) throws -> [Value]? {
        guard depth <= ValueDecoding.mostDimensions else { return nil }
        var values: [Value] = []
        if cursor.take(UInt8(ascii: "}")) { return values }
        while true {
            if cursor.take(UInt8(ascii: "{")) {
                guard let inner = try elements(&cursor, depth: depth + 1) else { return nil }
                values.append(.array(inner))
            } else {
                guard let value = try item(&cursor) else { return nil }
                values.append(value)
            }
            if cursor.take(UInt8(ascii: "}")) { return values }
            guard cursor.take(UInt8(ascii: ",")) else { return nil }
        }
    }

    private func item(_ cursor: inout TextCursor) throws -> Value? {
        let isQuoted = cursor.take(UInt8(ascii: "\""))
        let start = cursor.offset
        var hasEscapes = false
        while true {
            guard !cursor.isAtEnd else { return nil }
            let byte = cursor.peek
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                cursor.offset += 1
                guard !cursor.isAtEnd else { return nil }
            } else if isQuoted ? byte == UInt8(ascii: "\"") : byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") {
                break
            }
            cursor.offset += 1
        }
        let field = UnsafeRawBufferPointer(rebasing: cursor.bytes[start..<cursor.offset])
        if isQuoted { cursor.offset += 1 }
        if !isQuoted, field.elementsEqual("NULL".utf8) { return .null }
        guard hasEscapes else { return try ValueDecoding.decodeText(field, as: element, typeName: elementName) }
        var plain: [UInt8] = []
        plain.reserveCapacity(field.count)
        var isEscaped = false
        for byte in field {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
            } else {
                plain.append(byte)
                isEscaped = false
            }
        }
        return try plain.withUnsafeBytes { try ValueDecoding.decodeText($0, as: element, typeName: elementName) }
    }
}
