import TallyModel

/// The fields of one message of `COPY … TO STDOUT (FORMAT binary)`: one row.
struct CopiedFields {
    private let bytes: UnsafeRawBufferPointer
    private var place: Int

    /// What a message of the copy holds.
    enum Message {
        case row(CopiedFields)
        /// The header of the whole copy, or its trailer, and no row.
        case frame
    }

    /// - Parameter isFirst: Whether the message begins with the header of the whole copy.
    static func read(_ bytes: UnsafeRawBufferPointer, isFirst: Bool) throws -> Message {
        var fields = CopiedFields(bytes: bytes, place: 0)
        if isFirst {
            // The signature, flags, and an extension of the header by its length.
            fields.place = 15
            fields.place += Int(try fields.take(Int32.self))
            if fields.place == bytes.count { return .frame }
        }
        return try fields.take(Int16.self) >= 0 ? .row(fields) : .frame
    }

    mutating func integer() throws -> Int64 {
        guard let field = try next() else { return 0 }
        return switch field.count {
        case 1: Int64(field[0])
        case 4: Int64(Int32(bigEndian: field.loadUnaligned(as: Int32.self)))
        case 8: Int64(bigEndian: field.loadUnaligned(as: Int64.self))
        default: throw Self.malformed
        }
    }

    /// The next field's bytes; `nil` for NULL.
    mutating func next() throws -> UnsafeRawBufferPointer? {
        let count = Int(try take(Int32.self))
        guard count >= 0 else { return nil }
        guard place + count <= bytes.count else { throw Self.malformed }
        defer { place += count }
        return UnsafeRawBufferPointer(rebasing: bytes[place..<place + count])
    }

    private mutating func take<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Number {
        let size = MemoryLayout<Number>.size
        guard place >= 0, place + size <= bytes.count else { throw Self.malformed }
        defer { place += size }
        return Number(bigEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    private static var malformed: StoreError {
        StoreError(.damaged, "the server's copy of rows cannot be read")
    }
}
