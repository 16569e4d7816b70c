import Foundation
import SQLite
import TallyModel

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The file behind a path, and whether it still is the one that was opened.
///
/// A process that holds an unlinked file open reads and writes it happily for ever, so this is asked before each step.
struct SourceFile: Sendable {
    let path: String
    private let device: UInt64
    private let inode: UInt64

    /// - Throws: ``StoreError`` with `unreachable` when there is no such file.
    init(_ path: String) throws {
        guard let found = Self.identity(of: path) else {
            throw StoreError(.unreachable, "\(path): there is no such file; check the path of the store")
        }
        self.path = path
        (device, inode) = found
    }

    static func exists(_ path: String) -> Bool { identity(of: path) != nil }

    func checkIsInPlace() throws {
        if let found = Self.identity(of: path), found == (device, inode) { return }
        throw StoreError(
            .unreachable,
            "\(path): the source file was deleted, moved or replaced while it was open; put it back, and Tally goes on"
        )
    }

    func connect(_ access: Connection.Access, busyTimeout: Duration = .seconds(2)) throws -> Connection {
        let connection = try Connection(path: path, access: access, busyTimeout: busyTimeout)
        try checkIsInPlace()
        return connection
    }

    private static func identity(of path: String) -> (UInt64, UInt64)? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
    }
}
