import DequeModule
import Synchronization
package import TallyModel

/// Where a flow's reader and its callers leave what its one worker takes: stream events, bounded in bytes, and pokes.
///
/// The worker is the only one that waits in ``wait()``, or in ``waitForStop()``; the reader is the only one that waits in
/// ``offer(_:)``.
package final class Inbox: Sendable {
    package enum Item: Sendable {
        /// Finish what is at a boundary, save, and end.
        case stop
        /// What a person asked for has changed: read the ledger.
        case reconsider
        case request(LetterRequest)
        case event(StreamEvent)
        /// The reader ended with this error; every event before it was taken.
        case failed(any Error)
    }

    private struct State {
        var isStopping = false
        var isClosed = false
        var wasPoked = false
        var requests: Deque<LetterRequest> = []
        var events: Deque<StreamEvent> = []
        var byteCount = 0
        /// Slices that the worker is done with.
        var spent: [Slice] = []
        var spentBytes = 0
        var failure: (any Error)?
        var worker: CheckedContinuation<Void, Never>?
        var reader: CheckedContinuation<Void, Never>?
        /// Who waits for the end while the worker cannot: see ``Inbox/waitForStop()``.
        var opener: CheckedContinuation<Void, Never>?

        func isEmpty(inTransaction: Bool) -> Bool {
            let hasWishes = !inTransaction && (wasPoked || !requests.isEmpty)
            return !isStopping && !hasWishes && events.isEmpty && failure == nil
        }
    }

    private let state = Mutex(State())
    private let budget: Int

    /// - Parameter budget: How many bytes of events may wait; one event more than that is let in, so that an event
    ///   larger than the budget still moves.
    package init(budget: ByteCount) {
        self.budget = budget.bytes
    }

    // MARK: Putting in

    /// Leaves an event for the worker; waits while the budget is spent.
    package func offer(_ event: StreamEvent) async throws {
        let size = event.byteCount
        while true {
            freeSpent()
            try Task.checkCancellation()
            let (isAccepted, worker) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
                guard state.byteCount == 0 || state.byteCount + size <= budget else { return (false, nil) }
                state.byteCount += size
                state.events.append(event)
                return (true, state.worker.take())
            }
            worker?.resume()
            if isAccepted { return }
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    let hasRoom = state.withLock { state in
                        if state.byteCount == 0 || Task.isCancelled { return true }
                        state.reader = continuation
                        return false
                    }
                    if hasRoom { continuation.resume() }
                }
            } onCancel: {
                state.withLock { $0.reader.take() }?.resume()
            }
        }
    }

    package func fail(_ error: any Error) {
        change { if $0.failure == nil { $0.failure = error } }
    }

    package func stop() {
        change { $0.isStopping = true }
        state.withLock { $0.opener.take() }?.resume()
    }

    /// Returns when the end was asked for or the task is cancelled; one task at a time.
    package func waitForStop() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.isStopping || Task.isCancelled { return true }
                    state.opener = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.opener.take() }?.resume()
        }
    }

    package func poke() {
        change { $0.wasPoked = true }
    }

    /// - Returns: Whether somebody is going to answer.
    package func ask(_ request: LetterRequest) -> Bool {
        var isAccepted = false
        change { state in
            isAccepted = !state.isClosed
            if isAccepted { state.requests.append(request) }
        }
        return isAccepted
    }

    /// Takes no more requests: nobody is left to answer them.
    package func close() {
        change { $0.isClosed = true }
    }

    private func change(_ body: (inout State) -> Void) {
        let worker = state.withLock { state in
            body(&state)
            return state.worker.take()
        }
        worker?.resume()
    }

    // MARK: Taking out

    /// The next item, what people ask for first; `nil` when there is none now.
    ///
    /// - Parameter inTransaction: Leaves wishes for later, because the stream is inside a transaction.
    package func take(inTransaction: Bool = false) -> Item? {
        let (item, reader) = state.withLock { state -> (Item?, CheckedContinuation<Void, Never>?) in
            if state.isStopping { return (.stop, nil) }
            if state.wasPoked, !inTransaction {
                state.wasPoked = false
                return (.reconsider, nil)
            }
            if !inTransaction, let request = state.requests.popFirst() { return (.request(request), nil) }
            if let event = state.events.popFirst() {
                state.byteCount -= event.byteCount
                // Half the budget free again is worth a wake-up; less would have reader and worker take turns.
                return (.event(event), state.byteCount <= budget / 2 ? state.reader.take() : nil)
            }
            return (state.failure.map(Item.failed), nil)
        }
        reader?.resume()
        return item
    }

    /// Takes the slices that wait right behind one that was taken, as far as they are worth joining to it.
    ///
    /// Not the parts of a transaction that goes on: they are large, and what was complete before would wait for its end.
    package func takeSlices(after slice: Slice) -> [Slice] {
        var count = slice.changes.count
        var bytes = slice.byteCount
        let (slices, reader) = state.withLock { state -> ([Slice], CheckedContinuation<Void, Never>?) in
            var slices: [Slice] = []
            while case .slice(let next)? = state.events.first, next.end != nil,
                ([slice] + slices).allSatisfy({ $0.canJoin(next) })
            {
                count += next.changes.count
                bytes += next.byteCount
                guard count <= Slice.mostJoinedChanges, bytes <= BatchPolicy.enough.bytes else { break }
                state.events.removeFirst()
                state.byteCount -= next.byteCount
                slices.append(next)
            }
            guard !slices.isEmpty, state.byteCount <= budget / 2 else { return (slices, nil) }
            return (slices, state.reader.take())
        }
        reader?.resume()
        return slices
    }

    /// Leaves a slice that the worker is done with to the reader, to be freed.
    ///
    /// Freeing rows takes a good part of the time of writing them, and memory is freed without waiting where nobody
    /// takes any from the same place: the reader frees while its source does not read.
    package func giveBack(_ slice: Slice) {
        state.withLock { state in
            // Beyond that it is freed where it is, now.
            guard state.spentBytes + slice.byteCount <= budget / 4 else { return }
            state.spent.append(slice)
            state.spentBytes += slice.byteCount
        }
    }

    private func freeSpent() {
        let spent = state.withLock { state in
            defer {
                state.spent = []
                state.spentBytes = 0
            }
            return state.spent
        }
        // The last reference goes here, outside the lock.
        _ = spent
    }

    /// Whether an event waits. False may be out of date when it returns.
    package var hasEvent: Bool { state.withLock { !$0.events.isEmpty } }

    /// Whether anything waits. May be out of date when it returns.
    package var isWaiting: Bool { state.withLock { !$0.isEmpty(inTransaction: false) } }

    package var isStopping: Bool { state.withLock { $0.isStopping } }

    /// Returns when there is an item to take or the task is cancelled.
    package func wait(inTransaction: Bool = false) async {
        // With nothing to write there is time, and the reader may not come by for long.
        freeSpent()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if !state.isEmpty(inTransaction: inTransaction) || Task.isCancelled { return true }
                    state.worker = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.worker.take() }?.resume()
        }
    }

    /// Returns when somebody has asked for something or for the end, or the task is cancelled. No session may be open.
    package func waitForPerson() async {
        forgetEvents()
        await wait()
        state.withLock { $0.wasPoked = false }
    }

    /// Takes what people asked about dead letters.
    package func takeRequests() -> [LetterRequest] {
        state.withLock { state in
            defer { state.requests.removeAll() }
            return Array(state.requests)
        }
    }

    /// Forgets events and the failure of a session that ended; what people asked for stays.
    package func forgetEvents() {
        state.withLock { state in
            state.events.removeAll()
            state.byteCount = 0
            state.failure = nil
        }
        freeSpent()
    }
}

extension StreamEvent {
    fileprivate var byteCount: Int {
        if case .slice(let slice) = self { slice.byteCount } else { 64 }
    }
}
