import Synchronization
package import TallyModel

/// A ledger of one flow that lives in memory; each call is durable when it returns.
package final class InMemoryLedger: Sendable {
    /// A row whose letter a person gave up: the target keeps what it has of it.
    package struct Discarded: Sendable, Hashable {
        package let table: TableName
        package let key: Row
    }

    struct State {
        var letters: [DeadLetter] = []
        var nextLetter: Int64 = 1
        var pauses: [Pause] = []
        var requests: [ResyncRequest] = []
        var nextRequest: Int64 = 1
        var stop: FlowStop?
        var discarded: Set<Discarded> = []
        var parked = 0
    }

    let state = Mutex(State())

    package init() {}

    package var letters: [DeadLetter] { state.withLock { $0.letters } }
    package var pauses: [Pause] { state.withLock { $0.pauses } }
    package var requests: [TableName?] { state.withLock { $0.requests.map(\.table) } }
    package var stop: FlowStop? { state.withLock { $0.stop } }
    package var discarded: Set<Discarded> { state.withLock { $0.discarded } }
    /// How many times a letter was parked.
    package var parkings: Int { state.withLock { $0.parked } }

    /// Forgets which letters were given up, before their tables are loaded anew.
    package func forgetDiscarded() {
        state.withLock { $0.discarded = [] }
    }

    /// The ledger as it is reached by a passage of one's own.
    package func reached(by passage: Passage) -> any FlowLedger { InMemoryLedgerClient(ledger: self, passage: passage) }
}

/// An in-memory ledger as one process reaches it.
struct InMemoryLedgerClient: FlowLedger {
    let ledger: InMemoryLedger
    let passage: Passage

    func deadLetters(of flow: String) async throws -> [DeadLetter] {
        try await call { $0.letters }
    }

    func park(_ letters: [DeadLetter]) async throws -> [DeadLetter] {
        try await call { state in
            letters.map { letter in
                var letter = letter
                let place = state.letters.firstIndex { $0.table == letter.table && $0.key == letter.key }
                state.parked += 1
                if let place {
                    letter.id = state.letters[place].id
                    letter.firstSeen = state.letters[place].firstSeen
                    state.letters[place] = letter
                } else {
                    letter.id = state.nextLetter
                    state.nextLetter += 1
                    state.letters.append(letter)
                }
                return letter
            }
        }
    }

    func removeDeadLetters(_ ids: [Int64], why: LetterEnding) async throws {
        try await call { state in
            for letter in state.letters where why == .discarded && ids.contains(letter.id) {
                state.discarded.insert(InMemoryLedger.Discarded(table: letter.table, key: letter.key))
            }
            state.letters.removeAll { ids.contains($0.id) }
        }
    }

    func pauses(of flow: String) async throws -> [Pause] {
        try await call { $0.pauses }
    }

    func pause(_ pause: Pause, flow: String) async throws {
        try await call { state in
            state.pauses.removeAll { $0.table == pause.table }
            state.pauses.append(pause)
        }
    }

    func resume(flow: String, table: TableName?) async throws {
        try await call { state in state.pauses.removeAll { $0.table == table } }
    }

    func resyncRequests(of flow: String) async throws -> [ResyncRequest] {
        try await call { $0.requests }
    }

    func requestResync(flow: String, table: TableName?) async throws {
        try await call { state in
            state.requests.removeAll { $0.table == table }
            state.requests.append(ResyncRequest(id: state.nextRequest, table: table))
            state.nextRequest += 1
        }
    }

    func resyncBegan(_ request: ResyncRequest, flow: String) async throws {
        try await call { state in state.requests.removeAll { $0.id == request.id } }
    }

    func stop(of flow: String) async throws -> FlowStop? {
        try await call { $0.stop }
    }

    func note(_ stop: FlowStop?, flow: String) async throws {
        try await call { $0.stop = stop }
    }

    func remove(flow: String) async throws {
        try await call { state in
            state.letters = []
            state.pauses = []
            state.requests = []
            state.stop = nil
        }
    }

    private func call<Result: Sendable>(_ body: (inout InMemoryLedger.State) -> Result) async throws -> Result {
        try await passage.carry(.ledger) { ledger.state.withLock { body(&$0) } }
    }
}
