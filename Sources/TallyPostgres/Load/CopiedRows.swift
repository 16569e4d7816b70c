import TallyModel

/// Takes in the messages of one `COPY … TO STDOUT`, looking at nothing but their lengths.
///
/// Each message is one row, with the header of the binary form in front of the first, or the trailer alone
/// (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY).
struct CopiedRows {
    private static let headerStart: [UInt8] = Array("PGCOPY\n".utf8)
    private static let headerSize = 19
    private static let trailer: [UInt8] = [0xff, 0xff]

    private let format: CopyFormat
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0
    private var lastStart = 0
    private var isEnded = false

    init(_ format: CopyFormat, capacity: Int) {
        self.format = format
        bytes.reserveCapacity(capacity)
    }

    mutating func take(_ message: UnsafeRawBufferPointer) {
        var start = bytes.count
        bytes.append(contentsOf: message)
        if format == .binary {
            if start == 0, message.count >= Self.headerSize, message.starts(with: Self.headerStart) {
                start = Self.headerSize
            }
            if bytes.count == start { return }
            if bytes.count - start == 2, bytes[start] == 0xff, bytes[start + 1] == 0xff {
                isEnded = true
                return
            }
        }
        lastStart = start
        count += 1
    }

    /// Ends a copy whose rest is not wanted.
    mutating func cut() {
        if format == .binary, !isEnded { bytes.append(contentsOf: Self.trailer) }
        isEnded = true
    }

    /// The last row, in a form that `RowDecoder` reads; empty when there is none.
    var last: [UInt8] {
        let end = format == .binary && isEnded ? bytes.count - Self.trailer.count : bytes.count
        return count == 0 ? [] : Array(bytes[lastStart..<end])
    }
}
