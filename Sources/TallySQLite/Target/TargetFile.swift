import SQLite
import TallyModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The file behind a target's path, and whether it still is the one that was opened.
///
/// A process that holds an unlinked file open writes to it happily, and everything is lost when it ends; so this is
/// asked around every commit.
struct TargetFile: Sendable {
    private struct Identity: Sendable, Hashable {
        let device: UInt64
        let inode: UInt64
    }

    let path: String
    private var opened: Identity?

    init(_ path: String) {
        self.path = path
    }

    /// Whether there is no file, or one that nothing was written to.
    var isMissingOrEmpty: Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_size == 0
    }

    var isMissing: Bool { Self.identity(of: path) == nil }

    var isWritable: Bool { access(path, W_OK) == 0 }

    var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// What is wrong with the folder; `nil` when a file can be made in it.
    var folderProblem: (message: String, remedy: String)? {
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return ("the folder \(folder) does not exist", "create it, or correct the path of the store")
        }
        guard access(folder, W_OK | X_OK) == 0 else {
            return ("the folder \(folder) cannot be written", "check its owner and permissions")
        }
        return nil
    }

    /// Opens the file to write to, and makes it if it is not there.
    mutating func connect(busyTimeout: Duration) throws -> Connection {
        if isMissing, let problem = folderProblem {
            throw StoreError(.unreachable, "\(path): \(problem.message); \(problem.remedy)")
        }
        let connection = try Connection(path: path, access: .create, busyTimeout: busyTimeout)
        opened = Self.identity(of: path)
        return connection
    }

    func checkIsInPlace() throws {
        if let opened, Self.identity(of: path) == opened { return }
        throw StoreError(
            .unreachable,
            "\(path): the target file was deleted or replaced while open; put it back, or let Tally open what is there "
                + "now"
        )
    }

    private static func identity(of path: String) -> Identity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Identity(
            device: UInt64(truncatingIfNeeded: status.st_dev),
            inode: UInt64(truncatingIfNeeded: status.st_ino)
        )
    }
}
