internal import CPostgres
import TallyModel

/// COPY, in both directions, and the stream of the replication protocol, which is COPY in both at once.
extension PostgresConnection {
    // MARK: To the server

    /// Begins `COPY … FROM STDIN`. Data follows with ``send(_:)``, and then ``endCopy()`` or ``failCopy()``.
    package func beginCopyIn(_ sql: String) throws {
        try begin(sql, PGRES_COPY_IN)
    }

    /// Sends a piece of the data; pieces may begin and end anywhere.
    package func send(_ data: UnsafeRawBufferPointer) throws {
        guard let start = data.baseAddress, data.count > 0 else { return }
        let handle = try handle
        // libpq takes an Int32, and copies what it is given.
        var offset = 0
        while offset < data.count {
            let count = min(data.count - offset, 1 << 20)
            let piece = (start + offset).assumingMemoryBound(to: CChar.self)
            switch PQputCopyData(handle, piece, Int32(count)) {
            case 1: offset += count
            case 0: try flush()
            default: throw lost("send rows")
            }
        }
    }

    package func send(_ data: [UInt8]) throws {
        try data.withUnsafeBytes { try send($0) }
    }

    /// Ends the data.
    ///
    /// - Returns: How many rows the server took.
    /// - Throws: The server's error when it refuses any of them; then it took none.
    @discardableResult
    package func endCopy() throws -> Int {
        try putEnd(nil)
        return try finishStatement("copy rows").affectedRows
    }

    /// Gives the data up: the server takes no row.
    package func failCopy() throws {
        try putEnd("given up")
        while try nextResult() != nil {}
    }

    private func putEnd(_ reason: String?) throws {
        let handle = try handle
        while true {
            switch PQputCopyEnd(handle, reason) {
            case 1: return try flush()
            case 0: try flush()
            default: throw lost("end a copy")
            }
        }
    }

    // MARK: From the server

    /// Begins `COPY … TO STDOUT`. Rows follow with ``withNextCopyData(_:)`` until it says that there are no more.
    package func beginCopyOut(_ sql: String) throws {
        try begin(sql, PGRES_COPY_OUT)
    }

    /// Begins `START_REPLICATION`: ``receiveCopyData(_:)`` brings messages, and ``send(_:)`` with ``flush()`` answers.
    package func beginCopyBoth(_ sql: String) throws {
        try begin(sql, PGRES_COPY_BOTH)
    }

    private func begin(_ sql: String, _ status: ExecStatusType) throws {
        guard PQsendQuery(try handle, sql) == 1 else { throw lost("send a statement") }
        let result = try finishStatement("begin a copy")
        guard result.status == status else { throw lost("begin a copy") }
    }

    /// Lends the next message, one row each with `COPY … TO`, waiting for it.
    ///
    /// - Returns: False at the end of the copy, when `body` was not called.
    package func withNextCopyData(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        while true {
            switch try receiveCopyData(body) {
            case .message: return true
            case .ended: return false
            case .nothingYet: _ = try waitForData()
            }
        }
    }

    package enum CopyProgress: Sendable {
        case message
        /// Nothing has come: ``waitForData(until:)``.
        case nothingYet
        /// The server ended the copy in order.
        case ended
    }

    /// Lends the next message, if it is here.
    package func receiveCopyData(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> CopyProgress {
        let handle = try handle
        var buffer: UnsafeMutablePointer<CChar>?
        let count = PQgetCopyData(handle, &buffer, 1)
        switch count {
        case 0: return .nothingYet
        case -1:
            _ = try finishStatement("receive rows")
            return .ended
        case -2: throw lost("receive rows")
        default:
            defer { PQfreemem(buffer) }
            try body(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
            return .message
        }
    }
}
