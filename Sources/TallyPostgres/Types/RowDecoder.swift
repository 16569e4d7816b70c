package import TallyModel

/// The two forms of COPY data (https://www.postgresql.org/docs/current/sql-copy.html, "File Formats").
package enum CopyFormat: String, Sendable, Hashable {
    case text, binary
}

/// Takes COPY data apart into rows.
///
/// Data comes in pieces that may begin and end anywhere. The header of the binary form may be there or not, at the
/// beginning and again where another COPY's data follows; so may its trailer.
package struct RowDecoder {
    private let shapes: [ValueShape]
    private let typeNames: [String]
    private let format: CopyFormat
    /// The beginning of a row whose end has not come.
    private var rest: [UInt8] = []
    private var scratch: [UInt8] = []

    /// - Parameter columns: One for each field, in order.
    package init(columns: [PostgresColumn], format: CopyFormat) {
        shapes = columns.map(\.shape)
        typeNames = columns.map(\.typeName)
        self.format = format
    }

    /// All rows of a COPY, for ``PackedRows/unpack``.
    package static func rows(of pieces: [[UInt8]], columns: [PostgresColumn], format: CopyFormat) throws -> [Row] {
        var decoder = RowDecoder(columns: columns, format: format)
        var rows: [Row] = []
        for piece in pieces { try piece.withUnsafeBytes { try decoder.decode($0, into: &rows) } }
        try decoder.finish()
        return rows
    }

    /// Adds the rows that end in this piece.
    ///
    /// - Throws: ``StoreError`` with code `damaged`.
    package mutating func decode(_ piece: UnsafeRawBufferPointer, into rows: inout [Row]) throws {
        guard !rest.isEmpty else {
            let used = try decodeWhole(piece, into: &rows)
            rest.append(contentsOf: piece[used...])
            return
        }
        rest.append(contentsOf: piece)
        let bytes = rest
        let used = try bytes.withUnsafeBytes { try decodeWhole($0, into: &rows) }
        rest.removeFirst(used)
    }

    /// Says that all data has come.
    package func finish() throws {
        guard rest.isEmpty else { throw Self.malformed }
    }

    /// - Returns: How many bytes the rows took that are whole.
    private mutating func decodeWhole(_ bytes: UnsafeRawBufferPointer, into rows: inout [Row]) throws -> Int {
        var offset = 0
        while offset < bytes.count {
            let used: Int?
            switch format {
            case .binary: used = try decodeBinaryRow(bytes, from: offset, into: &rows)
            case .text: used = try decodeTextRow(bytes, from: offset, into: &rows)
            }
            guard let used else { break }
            offset = used
        }
        return offset
    }

    private static let malformed = StoreError(
        .damaged,
        "the server sent rows that are no COPY data of the table's columns; the copy begins again"
    )

    // MARK: Binary

    private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]

    /// - Returns: Where the next row begins, or `nil` when this one's end has not come.
    private func decodeBinaryRow(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        into rows: inout [Row]
    ) throws -> Int? {
        guard bytes.count - start >= 2 else { return nil }
        let count = Int(ValueDecoding.bigEndian(bytes, at: start) as Int16)
        if count == -1 { return start + 2 }
        // No table has as many columns as the signature's first two letters say.
        if count == 0x5047 { return try headerEnd(bytes, from: start) }
        guard count == shapes.count else { throw Self.malformed }
        guard let end = try rowEnd(bytes, from: start) else { return nil }
        var offset = start + 2
        let values = try [Value?](unsafeUninitializedCapacity: count) { places, filled in
            for index in 0..<count {
                let length = Int(ValueDecoding.bigEndian(bytes, at: offset) as Int32)
                offset += 4
                let value: Value
                if length < 0 {
                    value = .null
                } else {
                    let field = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
                    value = try ValueDecoding.decodeBinary(field, as: shapes[index], typeName: typeNames[index])
                    offset += length
                }
                (places.baseAddress! + filled).initialize(to: value)
                filled += 1
            }
        }
        rows.append(Row(values))
        return end
    }

    private func rowEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) throws -> Int? {
        var offset = start + 2
        for _ in 0..<shapes.count {
            guard bytes.count - offset >= 4 else { return nil }
            let length = Int(ValueDecoding.bigEndian(bytes, at: offset) as Int32)
            guard length >= -1 else { throw Self.malformed }
            offset += 4 + max(length, 0)
            guard offset <= bytes.count else { return nil }
        }
        return offset
    }

    private func headerEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) throws -> Int? {
        let size = Self.signature.count
        guard bytes.count - start >= size + 8 else { return nil }
        let extra = Int(ValueDecoding.bigEndian(bytes, at: start + size + 4) as Int32)
        guard bytes[start..<start + size].elementsEqual(Self.signature), extra >= 0 else { throw Self.malformed }
        let end = start + size + 8 + extra
        return end <= bytes.count ? end : nil
    }

    // MARK: Text

    /// - Returns: Where the next row begins, or `nil` when this one's end has not come.
    private mutating func decodeTextRow(
        _ bytes: UnsafeRawBufferPointer,
        from start: Int,
        into rows: inout [Row]
    ) throws -> Int? {
        if bytes.count - start >= 3, bytes[start] == UInt8(ascii: "\\"), bytes[start + 1] == UInt8(ascii: ".") {
            return start + 3
        }
        var values: [Value?] = []
        values.reserveCapacity(shapes.count)
        var offset = start
        while true {
            let first = offset
            var hasEscapes = false
            while true {
                offset = bytes.firstCopySpecial(from: offset)
                guard offset < bytes.count else { return nil }
                let byte = bytes[offset]
                if byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") { break }
                if byte == UInt8(ascii: "\\") {
                    hasEscapes = true
                    offset += 1
                }
                offset += 1
            }
            let field = UnsafeRawBufferPointer(rebasing: bytes[first..<offset])
            let isLast = bytes[offset] == UInt8(ascii: "\n")
            offset += 1
            // A table without columns has empty lines.
            if isLast, shapes.isEmpty, field.isEmpty { break }
            guard values.count < shapes.count else { throw Self.malformed }
            values.append(try value(field, hasEscapes: hasEscapes, column: values.count))
            if isLast { break }
        }
        guard values.count == shapes.count else { throw Self.malformed }
        rows.append(Row(values))
        return offset
    }

    @inline(__always)
    private mutating func value(_ field: UnsafeRawBufferPointer, hasEscapes: Bool, column: Int) throws -> Value {
        guard hasEscapes else {
            return try ValueDecoding.decodeText(field, as: shapes[column], typeName: typeNames[column])
        }
        if field.count == 2, field[1] == UInt8(ascii: "N") { return .null }
        unescape(field)
        return try scratch.withUnsafeBytes {
            try ValueDecoding.decodeText($0, as: shapes[column], typeName: typeNames[column])
        }
    }

    /// The server writes `\b`, `\f`, `\n`, `\r`, `\t`, `\v` and `\\`, and no numbers.
    private mutating func unescape(_ field: UnsafeRawBufferPointer) {
        scratch.removeAll(keepingCapacity: true)
        var isEscaped = false
        for byte in field {
            guard isEscaped else {
                if byte == UInt8(ascii: "\\") { isEscaped = true } else { scratch.append(byte) }
                continue
            }
            isEscaped = false
            switch byte {
            case UInt8(ascii: "b"): scratch.append(0x08)
            case UInt8(ascii: "t"): scratch.append(0x09)
            case UInt8(ascii: "n"): scratch.append(0x0a)
            case UInt8(ascii: "v"): scratch.append(0x0b)
            case UInt8(ascii: "f"): scratch.append(0x0c)
            case UInt8(ascii: "r"): scratch.append(0x0d)
            default: scratch.append(byte)
            }
        }
    }
}
