import Foundation
import Synchronization

/// Listens on a node's socket, takes a few requests, and is gone without an answer to any, as after a SIGKILL: what it
/// has open is closed piece by piece.
final class DyingNode: Sendable {
    private let asked = Mutex(0)

    /// How often it has been asked.
    var questions: Int { asked.withLock { $0 } }

    init(in state: String) throws {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: "\(state)/control.sock".utf8) }
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(listener, 8) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        Thread.detachNewThread { [self] in
            var byte: UInt8 = 0
            while true {
                let connection = accept(listener, nil, nil)
                // Whoever only tries whether somebody listens sends nothing.
                guard recv(connection, &byte, 1, 0) == 1 else {
                    close(connection)
                    continue
                }
                let isLast = asked.withLock { asked in
                    asked += 1
                    return asked == 3
                }
                if isLast { close(listener) }
                close(connection)
                if isLast { return }
            }
        }
    }
}
