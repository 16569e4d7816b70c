internal import CPostgres
import TallyModel

/// Statements that may have to wait for others for as long as those like.
extension PostgresConnection {
    /// Runs one statement, and `meanwhile` each time that `interval` has passed without an answer.
    ///
    /// Where the wait is ended, by the interrupter or by what `meanwhile` throws, the server is told to give the
    /// statement up: by itself it would not notice for as long as it waits that nobody is there.
    func execute(_ sql: String, each interval: Duration, meanwhile: () throws -> Void) throws -> QueryResult {
        guard PQsendQuery(try handle, sql) == 1 else { throw lost("send a statement") }
        do {
            try flush()
            while PQisBusy(try handle) == 1 {
                if try !waitForData(until: .now + interval) { try meanwhile() }
            }
        } catch {
            if isOpen { try giveUp() }
            throw error
        }
        return try finishStatement("run a statement")
    }

    /// Asks the server, on a connection of its own, to cancel what it does for this one. That it was asked in vain, or
    /// could not be asked, changes nothing: the connection is to be closed.
    private func giveUp() throws {
        guard let cancel = PQgetCancel(try handle) else { return }
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(cancel, &message, Int32(message.count))
        PQfreeCancel(cancel)
    }
}
