import TallyMerge
import TallyModel

/// One member's database in a simulated group: its rows, its log, and the truth about what each row had seen.
struct SimulatedMember: Sendable {
    /// One transaction in the member's log.
    enum Record: Sendable {
        case local([RowChange], writes: [Int], committed: Timestamp)
        /// The group's own, that brought the member to a place in the ledger.
        case signed([Int])
    }

    /// A row, and every write whose effect is in what it holds.
    struct Held: Sendable {
        var row: Row?
        var seen: Set<Int>
    }

    /// What a member does about the constraint.
    enum Keeping: Sendable {
        /// It refuses rows, whoever writes them.
        case always
        /// It refuses what its own users write; after the node it is looked at.
        case resting
        case never
    }

    var actor: Actor
    var keeping = Keeping.always
    /// How far its clock is off, in microseconds.
    let skew: Int64
    var rows: [RowID: Held] = [:]
    var log: [Record] = []
    /// Its checkpoint: the entries that it was brought to, each by a number that no other entry of any copy of the ledger has.
    var lineage: [Int] = []
    /// What the ledger noted when it took the member up, where another copy had brought it further.
    var claim: Int?
    /// The sequence that it holds.
    var applied: UInt64 { UInt64(lineage.count) }
    /// Tells histories apart: a member that was restored begins another.
    var history = 0
}

extension RowID {
    /// The row with a number for its key.
    init(numbered number: Int) {
        self.init(table: 0, key: KeyCoding.encode(Row([.integer(Int64(number))])))
    }

    /// The last byte of the key: what tells the simulation's few rows apart.
    var number: UInt8 { key.last ?? 0 }
}
