private import CPostgres
import Synchronization

/// Ends waits on a connection from another thread: a file descriptor that is polled beside the connection's socket.
///
/// A trigger that comes while nobody waits ends the next wait; it stays until ``clear()``.
package final class Interrupter: Sendable {
    let descriptor: Int32

    package init() {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        precondition(descriptor >= 0, "no file descriptors are left")
    }

    deinit {
        close(descriptor)
    }

    /// Ends the wait at hand, or the next one. May be called from any thread.
    package func trigger() {
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Forgets what was triggered.
    package func clear() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
    }

    /// Waits until it is triggered or the time is over.
    package func wait(atMost time: Duration) {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&descriptor, 1, Int32(max(0, min((time / .milliseconds(1)).rounded(.up), 3_600_000))))
    }
}
