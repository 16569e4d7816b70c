import Foundation

/// Where a node listens: `control.sock` in its state folder.
package struct ControlSocket: Sendable {
    /// The file, in full.
    package let path: String
    private let folder: String

    package init(state: String) {
        folder = state
        path = (state as NSString).appendingPathComponent("control.sock")
    }

    /// The longest path that SwiftNIO puts into the address of a Unix socket, in bytes; Linux itself would take 107.
    private static let longestAddress = 103

    /// The path as a socket address can carry it: as it is, or from the current folder where that is shorter.
    func address(from current: String = FileManager.default.currentDirectoryPath) throws(ControlError) -> String {
        if path.utf8.count <= Self.longestAddress { return path }
        let prefix = current.hasSuffix("/") ? current : current + "/"
        if path.hasPrefix(prefix), path.utf8.count - prefix.utf8.count <= Self.longestAddress {
            return String(path.dropFirst(prefix.count))
        }
        throw ControlError(
            .invalid,
            "\(path): the path has \(path.utf8.count) bytes, and that of a socket may have \(Self.longestAddress); "
                + "give `state:` a folder with a shorter path, or run from a folder above it"
        )
    }

    /// Whether a node answers here.
    ///
    /// - Throws: ``ControlError`` with code `unreachable` where one may, and this user may not ask it.
    package func isLive() throws(ControlError) -> Bool {
        let descriptor = Self.open()
        guard descriptor >= 0 else { throw failure(errno, "ask") }
        defer { close(descriptor) }
        switch Self.connect(descriptor, to: try address()) {
        // A queue of callers that is full has somebody at its head.
        case 0, EAGAIN, EINPROGRESS: return true
        case ENOENT, ECONNREFUSED, ENOTDIR: return false
        case let code: throw failure(code, "ask the node at")
        }
    }

    private func failure(_ code: Int32, _ action: String) -> ControlError {
        ControlError(
            .unreachable,
            "could not \(action) \(path): \(String(cString: strerror(code))); run the command as the user of `tally run`"
        )
    }

    private static func open() -> Int32 {
        #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
        #else
        let kind = SOCK_STREAM
        #endif
        return socket(AF_UNIX, kind, 0)
    }

    /// - Returns: 0, or the number of the error.
    private static func connect(_ descriptor: Int32, to path: String) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        // Without waiting: a node that hangs must not hang the one who asks.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return result == 0 ? 0 : errno
    }

    // MARK: One node a folder

    /// Takes the state folder for this process, until the claim is released or the process ends.
    ///
    /// - Throws: ``ControlError`` with code `conflict`, naming the process, while another has it.
    package func claim() throws(ControlError) -> ControlClaim {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw ControlError(
                .unreachable,
                "\(folder): could not make the state folder: \(error.localizedDescription)"
            )
        }
        return try ControlClaim(folder: folder)
    }
}
