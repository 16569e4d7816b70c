import Foundation
import Synchronization

/// The right to be the one process that works with a state folder: a lock that the system drops when the process ends,
/// however it ends.
package final class ControlClaim: Sendable {
    /// The locked file; negative once released.
    private let descriptor: Mutex<Int32>

    init(folder: String) throws(ControlError) {
        let path = (folder as NSString).appendingPathComponent("control.lock")
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ControlError(
                .unreachable,
                "could not open \(path): \(String(cString: strerror(errno))); check the rights of the state folder"
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            let holder = Self.holder(descriptor)
            close(descriptor)
            guard code == EWOULDBLOCK else {
                throw ControlError(.failed, "could not lock \(path): \(String(cString: strerror(code)))")
            }
            throw ControlError(
                .conflict,
                "another tally\(holder) is working with the state folder \(folder); stop it, wait until it is done, or "
                    + "give this one a `state:` folder of its own"
            )
        }
        let text = Array("\(ProcessInfo.processInfo.processIdentifier)\n".utf8)
        // Only the error message above reads it; the lock holds without.
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    package func release() {
        let descriptor = descriptor.withLock { held in
            let descriptor = held
            held = -1
            return descriptor
        }
        guard descriptor >= 0 else { return }
        // Closing alone would leave the lock with a child process that has been forked and has yet to become a program.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0, let process = Int32(String(decoding: bytes.prefix(count), as: UTF8.self).dropLast()) else {
            return ""
        }
        return " (process \(process))"
    }
}
