import Foundation
package import SQLite
import Synchronization
import TallyModel

/// Random writes to a database, one transaction after the other.
package protocol Workload: Sendable {
    /// Makes one transaction.
    mutating func step(_ connection: Connection) throws
}

/// Another program that writes to a source: a thread with a plain connection of its own.
package final class BackgroundWriter: Sendable {
    private struct State {
        var isStopping = false
        var hasEnded = false
        var transactions = 0
        var refusals = 0
        var failure: (any Error)?
    }

    private let state: Sink

    /// - Parameter pace: The pause between transactions, which keeps the amount of work in bounds.
    package init(path: String, pace: Duration, _ workload: some Workload) {
        let state = Sink()
        self.state = state
        let seconds = Double(pace.components.attoseconds) * 1e-18 + Double(pace.components.seconds)
        let thread = Thread {
            var workload = workload
            do {
                let connection = try Connection(path: path, access: .readWrite, busyTimeout: .seconds(300))
                // Only the program under test is ever killed, not this one, and not the machine.
                try connection.execute("PRAGMA synchronous = OFF")
                while !state.value.withLock({ $0.isStopping }) {
                    do {
                        try workload.step(connection)
                        state.value.withLock { $0.transactions += 1 }
                    } catch let error as StoreError where error.code == .rejected {
                        // A random write that breaks a constraint: rolled back, as any program's would be.
                        state.value.withLock { $0.refusals += 1 }
                    }
                    Thread.sleep(forTimeInterval: seconds)
                }
                connection.close()
            } catch {
                state.value.withLock { $0.failure = error }
            }
            state.value.withLock { $0.hasEnded = true }
        }
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Transactions committed so far.
    package var transactions: Int { state.value.withLock { $0.transactions } }

    /// Ends after the transaction at hand.
    ///
    /// - Returns: How many transactions it made.
    /// - Throws: What ended it early.
    @discardableResult
    package func stop() async throws -> Int {
        state.value.withLock { $0.isStopping = true }
        try await eventually("the writer ends") { state.value.withLock { $0.hasEnded } }
        if let failure = state.value.withLock({ $0.failure }) { throw failure }
        return transactions
    }

    deinit {
        state.value.withLock { $0.isStopping = true }
    }

    private final class Sink: Sendable {
        let value = Mutex(State())
    }
}
