import Foundation
import TallyModel

extension GroupLedger {
    /// Deletes the ledger at `path` with what SQLite keeps beside it. Doing it twice is doing it once; what was cut short
    /// is finished by the next call.
    ///
    /// Nobody may have it open.
    ///
    /// - Throws: ``StoreError`` with code `denied` or `unreachable` where the files stay.
    public static func remove(at path: String) throws {
        try ScratchFile.removeAll(of: path)
        // The database first: a log without it is nothing to SQLite, a database without its log is an older one.
        for file in [path, path + "-wal", path + "-shm", path + "-journal"] {
            guard unlink(file) != 0, errno != ENOENT else { continue }
            let code = errno
            throw StoreError(
                [EACCES, EPERM, EROFS].contains(code) ? .denied : .unreachable,
                "\(file): could not be deleted: \(String(cString: strerror(code))); check the rights of its folder, "
                    + "and say it again"
            )
        }
    }
}
