import TallyModel

/// Reads a message of the server from left to right; what is not there throws and never traps.
struct MessageReader {
    // Valid as long as the message it was made of, which the caller lends.
    private var place: UnsafeRawPointer?
    private(set) var count: Int

    init(_ message: UnsafeRawBufferPointer) {
        place = message.baseAddress
        count = message.count
    }

    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: place, count: count) }

    @inline(__always)
    mutating func bytes(_ length: Int) throws -> UnsafeRawBufferPointer {
        guard length >= 0, length <= count, let start = place else {
            if length == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
            throw Self.malformed
        }
        place = start + length
        count -= length
        return UnsafeRawBufferPointer(start: start, count: length)
    }

    @inline(__always)
    mutating func integer<I: FixedWidthInteger>(_ type: I.Type = I.self) throws -> I {
        I(bigEndian: try bytes(MemoryLayout<I>.size).loadUnaligned(as: I.self))
    }

    @inline(__always)
    mutating func byte() throws -> UInt8 { try bytes(1)[0] }

    /// A text that ends with a zero.
    mutating func text() throws -> String {
        guard let end = rest.firstIndex(of: 0) else { throw Self.malformed }
        let text = String(decoding: try bytes(end), as: UTF8.self)
        _ = try byte()
        return text
    }

    static let malformed = StoreError(
        .damaged,
        "the server sent a message of its log that cannot be read; is something between Tally and the server changing "
            + "it, or is the server of a version that this Tally does not know?"
    )
}
