import TallyModel

/// What travels inside a stream of the replication protocol
/// (https://www.postgresql.org/docs/current/protocol-replication.html).
enum ReplicationProtocol {
    enum Message {
        /// A message of the output plugin, and when the server sent it, by its clock.
        case data(UnsafeRawBufferPointer, sent: Timestamp)
        /// Where the server is, and whether it waits for an answer.
        case keepalive(end: UInt64, isAnswerWanted: Bool)
    }

    @inline(__always)
    static func message(_ bytes: UnsafeRawBufferPointer) throws -> Message {
        switch bytes.first {
        case UInt8(ascii: "w") where bytes.count > 25:
            let time = Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: 17, as: Int64.self))
            return .data(UnsafeRawBufferPointer(rebasing: bytes[25...]), sent: Timestamp(postgres: time))
        case UInt8(ascii: "k"):
            var reader = MessageReader(bytes)
            _ = try reader.byte()
            let end: UInt64 = try reader.integer()
            _ = try reader.bytes(8)
            return .keepalive(end: end, isAnswerWanted: try reader.byte() == 1)
        default: throw MessageReader.malformed
        }
    }

    /// - Parameters:
    ///   - written: How far the log was received.
    ///   - durable: How far the target durably has it: the server may forget everything before.
    ///   - asksForAnswer: Whether the server is to say where it is.
    static func status(written: UInt64, durable: UInt64, asksForAnswer: Bool) -> [UInt8] {
        var bytes = [UInt8(ascii: "r")]
        for integer in [max(written, durable), durable, durable, 0] {
            withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
        }
        bytes.append(asksForAnswer ? 1 : 0)
        return bytes
    }
}
