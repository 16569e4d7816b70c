import TallyMerge
import TallyModel

/// Members that write and a node that merges, in memory, step by step as the dice fall.
///
/// The node's part is the real ``Merger``. What the simulation adds is the truth: which writes had gone into what each
/// member's row held when it was written again. Against that it holds what the merger finds out from logs alone.
package struct GroupSimulation: Sendable {
    /// A rule that is broken on purpose, to see that it is noticed.
    package enum Flaw: Sendable {
        /// A write counts as having seen all that the ledger held when it was read.
        case base
        /// Rows that were deleted are forgotten before every member has passed them.
        case tombstone
        /// Of two writes with one time, the one that was read first is older.
        case tieBreak
        /// What a member holds against a constraint is passed over where the ledger has not heard of it.
        case deafness
    }

    /// What members hold rows to.
    package enum Constraint: Sendable {
        /// No two rows have the same name, the second column.
        case unique
        /// No two rows have names that differ in the case of letters alone.
        case caseless
        /// The same, and only members know it.
        case opaque
        /// The row that the last column names has to be there.
        case parent
        /// Names are unique, and the row that the last column names has to be there.
        case family
        /// Names are unique, and what is in the last column.
        case pair
        /// Names are unique among the rows of one parent, which has to be there.
        case place

        var isUnique: Bool { self != .parent }
    }

    package struct Shape: Sendable {
        package var members: ClosedRange<Int> = 2...6
        package var steps = 40
        package var flaw: Flaw?
        package var constraint: Constraint?
        /// Whether some members have the constraint in force, in others it rests while the node writes, and others have none;
        /// the log of the first one is read late.
        package var isMixed: Bool
        /// Whether what happens is put into words, for whoever looks at one history.
        package var isTraced = false

        package init(
            members: ClosedRange<Int> = 2...6,
            steps: Int = 40,
            flaw: Flaw? = nil,
            constraint: Constraint? = nil,
            isMixed: Bool = false,
            isTraced: Bool = false
        ) {
            self.members = members
            self.steps = steps
            self.flaw = flaw
            self.constraint = constraint
            self.isMixed = isMixed
            self.isTraced = isTraced
        }
    }

    /// What the node had read of a member's log, in the ledger.
    struct Intake: Sendable {
        var position = 0
        var base: UInt64 = 0
        var history = 0
        var isJoined = false
        /// Whether the member was restored and not brought to anything since: what its rows had seen is not known exactly.
        var isVague = false
        /// The rows that the member was found with when it came, and the sequence at which it came.
        var found: [RowID: UInt64] = [:]
        var cameAt: UInt64 = 0
        /// The rows that the member refuses, or did as far as its log is not read.
        var parked: [RowID: [Parking]] = [:]

        /// The rows among those of some changes that the member held as nothing that the group ever had.
        func guessed(_ changes: [RowChange]) -> Set<RowID> {
            guard base < cameAt else { return [] }
            return Set(changes.compactMap(GroupSimulation.row).filter { found[$0] == 0 })
        }

        /// How the member had come by the rows of some changes.
        func compared(_ changes: [RowChange]) -> [RowID: UInt64] {
            var result: [RowID: UInt64] = [:]
            for id in changes.compactMap(GroupSimulation.row) {
                if base < cameAt { result[id] = found[id] }
                let held = parked[id]?.first { $0.base < base && $0.isOpen(at: base) }
                if let held { result[id] = held.base }
            }
            return result
        }

        /// The rows that the member has not been brought over.
        var refused: Set<RowID> { Set(parked.filter { $1.contains { $0.taken == nil } }.keys) }
    }

    /// For how long a member refused a row.
    struct Parking: Sendable {
        /// The sequence as of which the member holds it.
        var base: UInt64
        /// The sequence with which it was brought over it.
        var taken: UInt64?
        var isVague: Bool

        /// Whether a member that has been brought to a sequence refuses the row.
        func isOpen(at sequence: UInt64) -> Bool { taken.map { $0 > sequence } ?? true }
    }

    /// A batch that was read from the ledger and not written yet.
    struct Batch: Sendable {
        var member: Int
        var end: UInt64
        var rows: [(id: RowID, row: Row?, seen: Set<Int>)]
    }

    static let columns = 4

    /// How many rows there may be.
    var keys: Int { [.family, .pair, .place].contains(shape.constraint) ? 5 : 3 }

    package let seed: UInt64
    let shape: Shape
    var dice: SplitMix64
    var members: [SimulatedMember] = []
    var memory = InMemoryGroupMemory()
    var merger: Merger
    var intakes: [Intake] = []
    var batches: [Batch] = []
    /// Copies of the ledger.
    var ledgerCopies: [LedgerCopy] = []
    /// What became of writes that a ledger put back no longer knew.
    var aftermath = Aftermath()
    var backups: [(member: Int, copy: SimulatedMember)] = []
    var cutOff: Set<Int> = []
    var now: Int64 = 1_700_000_000_000_000
    /// The writes of members, by number: which write of the ledger each became.
    var stamped: [Int: (row: RowID, write: RowWrite)] = [:]
    /// The members' writes that the ledger's state of a row holds.
    var merged: [RowID: Set<Int>] = [:]
    /// For each write, what its author's row truly held before it.
    var truths: [Int: (author: Int, seen: Set<Int>, before: Row?, row: RowID, after: Row?)] = [:]
    var nextWrite = 0
    var nextActor: UInt16 = 10
    /// Who members were before they were restored.
    var former: [Int: Set<Actor>] = [:]
    var problem: String?
    /// The rows that are in each other's way, and the transactions that ever were withheld.
    var standoffs: [Standoff] = []
    var withheld: Set<Dot> = []
    var trace: [String] = []

    static let table = MergeTable(
        rules: MergeRules(columns: [.latest, .latest, .counter, .greatest], delete: .latest),
        kinds: [ColumnKind](repeating: .exact, count: columns)
    )

    private struct NoExpressions: MergeExpressions {
        func value(of expression: String, base: Value?, current: Value, incoming: Value) -> Value { current }
    }

    static let expressions: any MergeExpressions = NoExpressions()

    package init(seed: UInt64, shape: Shape = Shape()) {
        self.seed = seed
        self.shape = shape
        dice = SplitMix64(seed: seed)
        merger = Merger(tables: [Self.table], expressions: Self.expressions)
    }

    // MARK: Running

    /// Runs one history to its end, and where something is wrong once more, in words.
    ///
    /// - Returns: What was wrong; `nil` when nothing was.
    package mutating func run() -> String? {
        guard let problem = runOnce(), !shape.isTraced else { return described }
        var shape = shape
        shape.isTraced = true
        var again = GroupSimulation(seed: seed, shape: shape)
        return again.runOnce() ?? problem
    }

    private mutating func runOnce() -> String? {
        let count = shape.members.lowerBound + dice.below(shape.members.count)
        for index in 0..<count { addMember(index) }
        seedRows()
        for index in members.indices { join(index) }
        for _ in 0..<shape.steps {
            if problem != nil { return described }
            now += Int64(dice.below(2000))
            step()
        }
        quiesce()
        if problem == nil { judge() }
        return described
    }

    /// Notes what happens, where somebody wants to read it.
    mutating func note(_ text: @autoclosure () -> String) {
        if shape.isTraced { trace.append(text()) }
    }

    mutating func fail(_ what: String) { problem = problem ?? what }

    private var described: String? {
        problem.map { "seed \(seed): \($0)\n" + trace.map { "  \($0)\n" }.joined() }
    }

    private mutating func step() {
        let member = dice.below(members.count)
        switch dice.below(20) {
        case 0...7: write(member)
        case 8...11: read(member)
        case 12...13: prepare(member)
        case 14...15: deliver()
        case 16: crash()
        case 17: if cutOff.contains(member) { cutOff.remove(member) } else { cutOff.insert(member) }
        case 18: if dice.below(4) == 0 { backUp(member) } else { restore() }
        case 19 where shape.constraint == nil && dice.below(3) == 0:
            if dice.below(2) == 0 { copyLedger() } else { putLedgerBack() }
        default: forgetBatches(of: member)
        }
    }

    /// Lets everything arrive.
    private mutating func quiesce() {
        cutOff = []
        // Now and then they are brought what there is before they are heard out.
        if shape.isMixed, dice.below(2) == 0 { bringAll() }
        for _ in 0..<20 {
            let before = (memory.head, members.map(\.applied))
            for index in members.indices { readAll(index) }
            bringAll()
            if problem != nil || before == (memory.head, members.map(\.applied)) { return }
        }
        problem = problem ?? "the group did not come to rest"
    }

    private mutating func bringAll() {
        for index in members.indices {
            forgetBatches(of: index)
            prepare(index)
        }
        while !batches.isEmpty, problem == nil { deliver() }
    }
}
