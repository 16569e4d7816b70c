import Foundation
import TallyModel

/// The ledger's file and folder, for the eyes of their owner alone: dead letters hold rows.
enum LedgerFile {
    /// Makes the folder (0700) and an empty file (0600) where they are not there; leaves what is there as it is.
    static func prepare(at path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try makeFolder(folder.isEmpty ? "." : folder)
        // SQLite would make the file with the rights that the umask leaves; it gives the WAL those of the file.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure(errno, "open the ledger", path) }
        close(descriptor)
    }

    static func exists(at path: String) -> Bool { access(path, F_OK) == 0 }

    /// Removes a file, where it is there.
    static func remove(_ path: String) throws {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure(errno, "remove the file", path) }
    }

    static func size(of path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private static func makeFolder(_ path: String) throws {
        guard mkdir(path, 0o700) != 0 else { return try synchronize(parentOf: path) }
        switch errno {
        case EEXIST: return
        case ENOENT:
            let parent = (path as NSString).deletingLastPathComponent
            guard !parent.isEmpty, parent != path else { throw failure(ENOENT, "make the folder", path) }
            try makeFolder(parent)
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure(errno, "make the folder", path) }
            try synchronize(parentOf: path)
        case let code: throw failure(code, "make the folder", path)
        }
    }

    /// Makes the folder's entry survive a loss of power; SQLite sees to that of the file.
    private static func synchronize(parentOf path: String) throws {
        let parent = (path as NSString).deletingLastPathComponent
        let descriptor = open(parent.isEmpty ? "." : parent, O_RDONLY | O_CLOEXEC)
        // A parent that may not be read cannot be synchronised; the folder itself was made.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(errno, "save the folder", path) }
    }

    private static func failure(_ code: Int32, _ action: String, _ path: String) -> StoreError {
        let kind: StoreError.Code =
            switch code {
            case EACCES, EPERM: .denied
            case ENOSPC, EDQUOT: .outOfSpace
            case EROFS: .readOnly
            default: .unreachable
            }
        return StoreError(
            kind,
            "\(path): could not \(action): \(String(cString: strerror(code))); check `state:` in the configuration and "
                + "the rights of the folder"
        )
    }
}
