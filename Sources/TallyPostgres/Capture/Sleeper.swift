import Synchronization
import TallyModel

/// Lets a reader of the log sleep until a writer wakes it, and look by itself while writers are at work.
///
/// A reader may sleep while it holds ``CaptureTables/sleep``, which it gets only when no transaction that has written to a
/// captured table is still open. From then on the next writer finds that it cannot share it, and notifies. A reader that
/// does not get it looks again after a pause: what it waits for is about to commit.
final class Sleeper: Sendable {
    private struct State {
        var holdsLock = false
        var pause = Sleeper.shortest
    }

    private static let shortest = Duration.milliseconds(2)
    private static let longest = Duration.milliseconds(100)
    /// How long a sleep lasts at most, for what no writer announces.
    private static let night = Duration.seconds(1)

    private let state = Mutex(State())
    private let bell = Interrupter()

    /// Ends the sleep at hand, or the next one. May be called from any thread.
    func wake() { bell.trigger() }

    /// Rests for as long as makes sense.
    ///
    /// - Returns: Whether it slept, rather than only made ready to, or paused.
    @discardableResult
    func rest(_ connection: PostgresConnection) throws -> Bool {
        var (holdsLock, pause) = state.withLock { ($0.holdsLock, $0.pause) }
        if holdsLock {
            try connection.waitForNotification(until: .now + Self.night, or: bell)
            return true
        }
        holdsLock = try connection.execute("SELECT pg_try_advisory_lock(\(CaptureTables.sleep.number))").flag(0, 0)
        if !holdsLock {
            try connection.waitForNotification(until: .now + pause, or: bell)
            pause = min(pause * 2, Self.longest)
        }
        state.withLock { $0 = State(holdsLock: holdsLock, pause: pause) }
        return false
    }

    /// Gives the lock back because there is something to do.
    func rise(_ connection: PostgresConnection) throws {
        let held = state.withLock { state in
            defer { state = State() }
            return state.holdsLock
        }
        if held { try connection.execute("SELECT pg_advisory_unlock(\(CaptureTables.sleep.number))") }
    }
}
