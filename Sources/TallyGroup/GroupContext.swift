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
    let stopping: StopFlag
    let caughtUp: CaughtUp
}
