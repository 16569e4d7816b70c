import TallyMerge
import TallyModel

/// One member's database in a simulated group: its rows, its log, and the truth about what each row had seen.
struct SimulatedMember: Sendable {
    /// One transaction in the member's log.
    enum Record: Sendable {
        case local([RowChange], writes: [Int], committed: Timestamp)
        /// The group's own, that brought the member to a sequence.
        case signed(UInt64)
    }

    /// A row, and every write whose effect is in what it holds.
    struct Held: Sendable {
        var row: Row?
        var seen: Set<Int>
    }

    var actor: Actor
    /// How far its clock is off, in microseconds.
    let skew: Int64
    var rows: [RowID: Held] = [:]
    var log: [Record] = []
    /// The sequence that it holds: its checkpoint.
    var applied: UInt64 = 0
    /// Tells histories apart: a member that was restored begins another.
    var history = 0
}
