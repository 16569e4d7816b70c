import SQLite
import TallyModel
import Threading

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
import Threading
#endif

/// Brings a file's write-ahead log to the disk, beside whoever writes it.
///
/// With `synchronous=NORMAL` commits are in the log's file when they return, but perhaps not on the disk, and SQLite
/// itself synchronises the log before it copies anything from it into the database. So the log alone is to be
/// synchronised here. The database file must not be: closing a descriptor of it would drop the locks that SQLite holds
/// on it in this process (https://www.sqlite.org/howtocorrupt.html, section 2.2); on the log it holds none.
actor WriteAheadLog {
    private let thread = DatabaseThread(name: "tally-durable")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let path: String

    init(ofFileAt path: String) {
        self.path = path + "-wal"
    }

    /// Returns when everything that was written to the log before the call would survive a loss of power.
    ///
    /// The caller keeps the database open meanwhile, so that the log stays where it is.
    func synchronize() throws {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            // Without a log, nothing was committed to one.
            if errno == ENOENT { return }
            throw failure("open the write-ahead log")
        }
        defer { close(descriptor) }
        #if canImport(Darwin)
        let result = fcntl(descriptor, F_FULLFSYNC)
        #else
        let result = fdatasync(descriptor)
        #endif
        if result != 0 { throw failure("synchronise the write-ahead log with the disk") }
    }

    private func failure(_ action: String) -> StoreError {
        let (code, reason) = (errno, String(cString: strerror(errno)))
        return StoreError(
            code == ENOSPC || code == EDQUOT ? .outOfSpace : .unreachable,
            "\(path): could not \(action): \(reason); check the disk, and Tally tries again"
        )
    }
}
