import Synchronization

/// Whether every member has been read as far as it was at the beginning, and brought to all that came of it.
final class CaughtUp: Sendable {
    private struct State {
        var read: Set<String> = []
        var written: [String: UInt64] = [:]
    }

    private let state = Mutex(State())
    private let members: Set<String>
    /// Raised when it is so; `nil` where nobody waits for that.
    private let flag: Flag?

    init(_ members: [String], flag: Flag?) {
        self.members = Set(members)
        self.flag = flag
    }

    func hasRead(_ member: String) {
        state.withLock { _ = $0.read.insert(member) }
    }

    /// Notes that a member holds all up to a sequence.
    func hasWritten(_ member: String, upTo sequence: UInt64, head: Beacon) {
        guard let flag else { return }
        let isDone = state.withLock { state in
            state.written[member] = sequence
            let head = head.sequence
            return state.read == members && members.allSatisfy { state.written[$0] ?? 0 >= head }
        }
        if isDone { flag.set() }
    }

    /// Forgets a member whose session has ended.
    func leave(_ member: String) {
        state.withLock { state in
            state.read.remove(member)
            state.written[member] = nil
        }
    }
}
