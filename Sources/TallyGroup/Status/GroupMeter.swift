import Synchronization
import TallyModel

/// Keeps a group's status while it runs.
final class GroupMeter: Sendable {
    private let state: Mutex<GroupStatus>

    init(_ status: GroupStatus) {
        state = Mutex(status)
    }

    var status: GroupStatus { state.withLock { $0 } }

    func update(_ change: (inout GroupStatus) -> Void) {
        state.withLock { change(&$0) }
    }

    func update(_ member: String, _ change: (inout GroupStatus.Member) -> Void) {
        state.withLock { status in
            guard let place = status.members.firstIndex(where: { $0.name == member }) else { return }
            change(&status.members[place])
        }
    }

    func enter(_ phase: GroupStatus.Phase, _ member: String, message: String? = nil) {
        update(member) { member in
            member.phase = phase
            member.message = message
        }
    }

    func applied(
        _ rows: Int,
        to sequence: UInt64,
        of member: String,
        committed: Timestamp?,
        now: Timestamp
    ) {
        update(member) { member in
            member.rows += rows
            member.applied = sequence
            if rows > 0, let committed { member.lagSeconds = max(0, now.since(committed) / .seconds(1)) }
        }
    }
}
