import TallyEngine
import TallyMerge
import TallyModel

/// What a group is made of that stays the same while it runs.
struct GroupContext: Sendable {
    let settings: GroupSettings
    /// Where the ledger is.
    let path: String
    let record: GroupRecord
    /// The kinds of store that members are.
    let kinds: Set<String>
    let runner: Runner
    let options: FlowOptions
    let expressions: any MergeExpressions
    let meter: GroupMeter
    let stopping: Flag
    let caughtUp: CaughtUp
}

extension GroupContext {
    /// Returns when the ledger is beyond `sequence`, when somebody is to look again, or when the group is to stop; within a
    /// second in any case.
    func waitForMore(than sequence: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await record.head.wait(beyond: sequence, atMost: .seconds(1)) }
            group.addTask { try await stopping.wait() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
