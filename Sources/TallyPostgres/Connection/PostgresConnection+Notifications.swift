internal import CPostgres
import Foundation
import TallyModel

/// LISTEN and NOTIFY.
extension PostgresConnection {
    /// Waits until a notification is here, `bell` rings, or `deadline` is there; then forgets all notifications.
    ///
    /// Unlike the connection's own interrupter, `bell` does it no harm.
    package func waitForNotification(until deadline: ContinuousClock.Instant, or bell: Interrupter) throws {
        while try !takeNotifications() {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard left > 0 else { return }
            var descriptors = [
                pollfd(fd: try socket, events: Int16(POLLIN), revents: 0),
                pollfd(fd: interrupter.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&descriptors, 3, Int32(min(left.rounded(.up), 3_600_000)))
            if ready < 0, errno == EINTR { continue }
            if descriptors[1].revents != 0 { throw CancellationError() }
            if descriptors[2].revents != 0 {
                bell.clear()
                return
            }
            if descriptors[0].revents != 0, PQconsumeInput(try handle) == 0 { throw lost("receive") }
        }
    }

    /// - Returns: Whether there were any.
    private func takeNotifications() throws -> Bool {
        let handle = try handle
        var hasAny = false
        while let notification = PQnotifies(handle) {
            PQfreemem(notification)
            hasAny = true
        }
        return hasAny
    }
}
