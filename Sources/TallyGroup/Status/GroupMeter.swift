import Synchronization
import TallyEngine
import TallyModel

/// Keeps a group's status while it runs.
final class GroupMeter: Sendable {
    private struct State {
        var status: GroupStatus
        var lags: [String: LagWindow] = [:]
        /// When each member last held all there was, as far as was known.
        var level: [String: Timestamp] = [:]
    }

    private let state: Mutex<State>
    private let now: WallClock

    init(_ status: GroupStatus, now: @escaping WallClock) {
        state = Mutex(State(status: status))
        self.now = now
    }

    /// - Parameter head: How far the ledger is.
    func status(head: UInt64) -> GroupStatus {
        let now = now()
        return state.withLock { state in
            var status = state.status
            status.sequence = head
            for (place, member) in status.members.enumerated() {
                status.members[place].worstLagSeconds = state.lags[member.name]?.worst(at: now)
                guard member.phase == .retrying || member.phase == .stopped, member.applied < head,
                    let level = state.level[member.name]
                else { continue }
                status.members[place].lagSeconds = now.since(level).seconds
            }
            return status
        }
    }

    /// Keeps what the ledger said last, for when it is closed.
    func remember(_ last: GroupStatus) {
        state.withLock { state in
            (state.status.resolved, state.status.waiting) = (last.resolved, last.waiting)
            state.status.ledgerBytes = last.ledgerBytes
            for (place, member) in last.members.enumerated() { state.status.members[place].refused = member.refused }
        }
    }

    func update(_ member: String, _ change: (inout GroupStatus.Member) -> Void) {
        state.withLock { state in
            guard let place = state.status.members.firstIndex(where: { $0.name == member }) else { return }
            change(&state.status.members[place])
        }
    }

    func enter(_ phase: GroupStatus.Phase, _ member: String, message: String? = nil) {
        update(member) { member in
            member.phase = phase
            member.message = message
        }
    }

    /// The member holds all there is.
    func isLevel(_ member: String) {
        enter(.live, member)
        let now = now()
        state.withLock { $0.level[member] = now }
    }

    /// - Parameter committed: When the first of the rows was committed elsewhere.
    func applied(_ rows: Int, to sequence: UInt64, of member: String, committed: Timestamp?) {
        let now = now()
        let lag = rows > 0 ? committed.map { max(0, now.since($0).seconds) } : nil
        update(member) { member in
            member.rows += rows
            member.applied = sequence
            if let lag { member.lagSeconds = lag }
        }
        guard let lag else { return }
        state.withLock { $0.lags[member, default: LagWindow()].add(lag, at: now) }
    }

    /// Notes how far a member's clock is ahead.
    ///
    /// - Returns: Whether it is further ahead than is allowed, and was not before.
    func clock(_ offset: Duration?, of member: String) -> Bool {
        var hasCrossed = false
        let skew = state.withLock { $0.status.skewSeconds } ?? .infinity
        update(member) { member in
            let former = member.clockSeconds ?? 0
            member.clockSeconds = offset?.seconds
            hasCrossed = (offset?.seconds ?? 0) > skew && former <= skew
        }
        return hasCrossed
    }
}
