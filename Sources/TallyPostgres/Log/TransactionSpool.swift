import Foundation
import TallyModel

/// Keeps the messages of one large transaction that is still in progress in a file without a name, until its end says
/// what becomes of it.
///
/// The file goes with its last descriptor, however the process ends.
final class TransactionSpool {
    private static let blockSize = 1 << 18

    private let descriptor: Int32
    private let label: String
    private var block: [UInt8] = []
    private var written = 0
    private var aborted: Set<UInt32> = []
    // Reading: the bytes at hand, where in them the next message is, and where in the file they end.
    private var offset = 0
    private var read = 0

    /// - Parameter label: The store, for errors.
    init(label: String) throws {
        self.label = label
        let folder = Self.folder
        var template = Array("\(folder)/tally-spool-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw Self.failure(label, "make a temporary file in \(folder)", errno)
        }
        unlink(template)
        block.reserveCapacity(Self.blockSize + 4096)
    }

    deinit {
        close(descriptor)
    }

    /// `/tmp` may be held in memory, which this is to spare.
    private static var folder: String {
        if let chosen = ProcessInfo.processInfo.environment["TMPDIR"], !chosen.isEmpty { return chosen }
        return access("/var/tmp", W_OK) == 0 ? "/var/tmp" : NSTemporaryDirectory()
    }

    /// Adds a message as it came: one that carries the subtransaction that it belongs to.
    func append(_ message: UnsafeRawBufferPointer) throws {
        withUnsafeBytes(of: UInt32(message.count)) { block.append(contentsOf: $0) }
        block.append(contentsOf: message)
        if block.count >= Self.blockSize { try flush() }
    }

    /// Has what belongs to a subtransaction that was rolled back be passed over.
    func abort(_ subtransaction: UInt32) {
        aborted.insert(subtransaction)
    }

    /// Ends the writing; ``next(_:)`` follows.
    func finish() throws {
        try flush()
        block = []
    }

    /// Lends the next message of what was not rolled back.
    ///
    /// - Returns: False at the end, when `body` was not called.
    func next(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        while true {
            guard try fill(4) else { return false }
            let size = Int(block.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) })
            guard try fill(4 + size) else { throw Self.failure(label, "read a temporary file", EIO) }
            let start = offset + 4
            offset = start + size
            let wasUsed = try block.withUnsafeBytes { bytes in
                let message = UnsafeRawBufferPointer(rebasing: bytes[start..<start + size])
                if !aborted.isEmpty, aborted.contains(try PgoutputMessage.subtransaction(of: message)) { return false }
                try body(message)
                return true
            }
            if wasUsed { return true }
        }
    }

    /// Sees to it that `count` bytes are at hand from `offset` on.
    private func fill(_ count: Int) throws -> Bool {
        if block.count - offset >= count { return true }
        block.removeFirst(offset)
        offset = 0
        while block.count < count {
            let size = min(max(Self.blockSize, count - block.count), written - read)
            guard size > 0 else { return false }
            let had = block.count
            block.append(contentsOf: repeatElement(0, count: size))
            let got = block.withUnsafeMutableBytes { bytes in
                pread(descriptor, bytes.baseAddress! + had, size, off_t(read))
            }
            if got < 0, errno == EINTR {
                block.removeLast(size)
                continue
            }
            guard got > 0 else { throw Self.failure(label, "read a temporary file", errno) }
            block.removeLast(size - got)
            read += got
        }
        return true
    }

    private func flush() throws {
        var done = 0
        while done < block.count {
            let count = block.withUnsafeBytes { bytes in
                pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(written + done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(label, "write a temporary file in \(Self.folder)", errno) }
            done += count
        }
        written += done
        block.removeAll(keepingCapacity: true)
    }

    private static func failure(_ label: String, _ action: String, _ number: Int32) -> StoreError {
        StoreError(
            number == ENOSPC || number == EDQUOT ? .outOfSpace : .unreachable,
            "\(label): a large transaction is kept in a file until it is committed, and Tally could not \(action): "
                + "\(String(cString: strerror(number))); make room there or set TMPDIR to a folder that has it"
        )
    }
}
