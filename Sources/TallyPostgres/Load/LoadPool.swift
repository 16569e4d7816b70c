import Synchronization
import TallyModel

/// A few connections that loads take turns with.
final class LoadPool: Sendable {
    private struct State {
        var idle: [LoadConnection]
        var waiting: [(id: Int, continuation: CheckedContinuation<LoadConnection?, Never>)] = []
        var lastID = 0
    }

    private let all: [LoadConnection]
    private let state: Mutex<State>

    init(_ options: ConnectionOptions, most: Int, position: @escaping PositionReading) {
        let all = (0..<most).map { _ in LoadConnection(options, position: position) }
        self.all = all
        state = Mutex(State(idle: all))
    }

    func use<Result: Sendable>(_ body: (LoadConnection) async throws -> Result) async throws -> Result {
        let connection = try await take()
        defer { giveBack(connection) }
        return try await body(connection)
    }

    func close() async {
        for connection in all { await connection.close() }
    }

    private func take() async throws -> LoadConnection {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        let connection = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<LoadConnection?, Never>) in
                let free: LoadConnection?? = state.withLock { state in
                    if Task.isCancelled { return .some(nil) }
                    // The one given back last: others may stay unconnected.
                    if let last = state.idle.popLast() { return last }
                    state.waiting.append((id, continuation))
                    return nil
                }
                if let free { continuation.resume(returning: free) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
            }
            waiter?.continuation.resume(returning: nil)
        }
        guard let connection else { throw CancellationError() }
        return connection
    }

    private func giveBack(_ connection: LoadConnection) {
        let waiter = state.withLock { state in
            if !state.waiting.isEmpty { return Optional(state.waiting.removeFirst()) }
            state.idle.append(connection)
            return nil
        }
        waiter?.continuation.resume(returning: connection)
    }
}
