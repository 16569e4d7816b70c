import TallyModel

/// Takes apart what the server writes for a row: `(1,"a ""b""",,"")`
/// (https://www.postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX).
struct RecordText {
    private var buffer: [UInt8] = []
    /// Where each field is in ``buffer``; `nil` for NULL.
    private var fields: [Range<Int>?] = []

    var count: Int { fields.count }

    /// - Throws: ``StoreError`` with code `damaged` for bytes that are no row.
    mutating func parse(_ bytes: UnsafeRawBufferPointer) throws {
        buffer.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        guard bytes.count >= 2, bytes[0] == UInt8(ascii: "("), bytes[bytes.count - 1] == UInt8(ascii: ")") else {
            throw Self.malformed
        }
        let end = bytes.count - 1
        var place = 1
        while true {
            let start = buffer.count
            var isNull = true
            var isQuoted = false
            field: while place < end {
                switch bytes[place] {
                case UInt8(ascii: "\"") where isQuoted && place + 1 < end && bytes[place + 1] == UInt8(ascii: "\""):
                    buffer.append(bytes[place])
                    place += 1
                case UInt8(ascii: "\""):
                    isQuoted.toggle()
                    isNull = false
                case UInt8(ascii: "\\"):
                    place += 1
                    guard place < end else { throw Self.malformed }
                    buffer.append(bytes[place])
                    isNull = false
                case UInt8(ascii: ",") where !isQuoted: break field
                default:
                    buffer.append(bytes[place])
                    isNull = false
                }
                place += 1
            }
            guard !isQuoted else { throw Self.malformed }
            fields.append(isNull ? nil : start..<buffer.count)
            guard place < end else { return }
            place += 1
        }
    }

    /// Lends the bytes of a field; `nil` for NULL.
    func withField<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer?) throws -> Result) rethrows -> Result {
        guard let range = fields[index] else { return try body(nil) }
        return try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    func value(_ index: Int, of column: PostgresColumn) throws -> Value {
        try withField(index) { bytes in
            guard let bytes else { return .null }
            return try ValueDecoding.decodeText(bytes, as: column.shape, typeName: column.typeName)
        }
    }

    private static var malformed: StoreError {
        StoreError(.damaged, "a row as the server wrote it into Tally's log of changes cannot be read")
    }
}
