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
    }

    package struct Shape: Sendable {
        package var members: ClosedRange<Int> = 2...6
        package var steps = 40
        package var flaw: Flaw?
        /// Whether no two rows of a member may have the same name, the second column.
        package var isUnique: Bool
        /// Whether what happens is put into words, for whoever looks at one history.
        package var isTraced = false

        package init(members: ClosedRange<Int> = 2...6, steps: Int = 40, flaw: Flaw? = nil, isUnique: Bool = false) {
            self.members = members
            self.steps = steps
            self.flaw = flaw
            self.isUnique = isUnique
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
        /// The rows that the member refuses, and the sequences as of which it holds them and has been brought over them.
        var parked: [RowID: (base: UInt64, taken: UInt64?, isVague: Bool)] = [:]

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
                if let parked = parked[id], parked.base < base, parked.taken.map({ $0 > base }) ?? true {
                    result[id] = parked.base
                }
            }
            return result
        }
    }

    /// A batch that was read from the ledger and not written yet.
    struct Batch: Sendable {
        var member: Int
        var end: UInt64
        var rows: [(id: RowID, row: Row?, seen: Set<Int>)]
    }

    static let columns = 4
    static let keys = 3

    package let seed: UInt64
    let shape: Shape
    var dice: SplitMix64
    var members: [SimulatedMember] = []
    var memory = InMemoryGroupMemory()
    var merger: Merger
    var intakes: [Intake] = []
    private var batches: [Batch] = []
    /// Copies of the ledger.
    var ledgerCopies: [LedgerCopy] = []
    /// What became of writes that a ledger put back no longer knew.
    var aftermath = Aftermath()
    private var backups: [(member: Int, copy: SimulatedMember)] = []
    private var cutOff: Set<Int> = []
    private var now: Int64 = 1_700_000_000_000_000
    /// The writes of members, by number: which write of the ledger each became.
    var stamped: [Int: (row: RowID, write: RowWrite)] = [:]
    /// The members' writes that the ledger's state of a row holds.
    var merged: [RowID: Set<Int>] = [:]
    /// For each write, what its author's row truly held before it.
    private(set) var truths: [Int: (author: Int, seen: Set<Int>, before: Row?, row: RowID, after: Row?)] = [:]
    private var nextWrite = 0
    var nextActor: UInt16 = 10
    /// Who members were before they were restored.
    var former: [Int: Set<Actor>] = [:]
    private(set) var problem: String?
    /// The rows that are withheld, and the transactions that ever were.
    var withholdings: [Withholding] = []
    var withheld: Set<Dot> = []
    private(set) var trace: [String] = []

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
        case 19 where !shape.isUnique && dice.below(3) == 0:
            if dice.below(2) == 0 { copyLedger() } else { putLedgerBack() }
        default: forgetBatches(of: member)
        }
    }

    /// Lets everything arrive.
    private mutating func quiesce() {
        cutOff = []
        for _ in 0..<20 {
            let before = (memory.head, members.map(\.applied))
            for index in members.indices { readAll(index) }
            for index in members.indices {
                forgetBatches(of: index)
                prepare(index)
            }
            while !batches.isEmpty, problem == nil { deliver() }
            if problem != nil || before == (memory.head, members.map(\.applied)) { return }
        }
        problem = problem ?? "the group did not come to rest"
    }

    // MARK: Members

    private mutating func addMember(_ index: Int) {
        let skew = dice.below(5) == 0 ? Int64(dice.below(1_200_000_000)) - 600_000_000 : Int64(dice.below(1000))
        members.append(SimulatedMember(actor: Actor(UInt16(index + 1)), skew: skew))
        intakes.append(Intake())
    }

    private mutating func seedRows() {
        for key in 0..<Self.keys where dice.below(2) == 0 {
            let row = Row([.integer(Int64(key)), .text("seed\(key)"), .integer(10), .integer(0)])
            let write = number(author: 0, seen: [], before: nil, of: Self.id(key), after: row)
            members[0].rows[Self.id(key)] = SimulatedMember.Held(row: row, seen: [write])
        }
    }

    private mutating func number(author: Int, seen: Set<Int>, before: Row?, of row: RowID, after: Row?) -> Int {
        nextWrite += 1
        truths[nextWrite] = (author, seen, before, row, after)
        return nextWrite
    }

    static func id(_ key: Int) -> RowID { RowID(table: 0, key: RowCoding.encode(Row([.integer(Int64(key))]))) }

    /// A member writes one transaction of its own.
    private mutating func write(_ index: Int) {
        var planned: [(id: RowID, after: AuthoredRow)] = []
        var keys = Array(0..<Self.keys)
        for _ in 0...dice.below(2) {
            let key = keys.remove(at: dice.below(keys.count))
            guard let after = change(members[index].rows[Self.id(key)]?.row, key) else { continue }
            planned.append((Self.id(key), after))
        }
        if shape.isUnique {
            swapNames(&planned)
            guard takes(planned.map { ($0.id, $0.after.row) }, index) else { return }
        }
        guard !planned.isEmpty else { return }
        var changes: [RowChange] = []
        var writes: [Int] = []
        for (id, after) in planned {
            let held = members[index].rows[id] ?? SimulatedMember.Held(row: nil, seen: [])
            let write = number(author: index, seen: held.seen, before: held.row, of: id, after: after.row)
            members[index].rows[id] = SimulatedMember.Held(row: after.row, seen: held.seen.union([write]))
            changes.append(after.row.map { .put(id, $0, time: nil) } ?? .delete(id, time: nil))
            writes.append(write)
        }
        // Now and then two members commit at the very same moment.
        let committed = Timestamp(
            microseconds: (dice.below(3) == 0 ? now / 10_000 * 10_000 : now) + members[index].skew
        )
        members[index].log.append(.local(changes, writes: writes, committed: committed))
        note("\(index) writes \(writes): \(changes.map(Self.words))")
    }

    private static func words(_ change: RowChange) -> String {
        switch change {
        case .put(let id, let row, _): "\(id.key.last ?? 0)/\(id.key[5])=\(row.values.dropFirst().map { "\($0!)" })"
        case .delete(let id, _): "delete \(id.key[5])"
        default: "?"
        }
    }

    private mutating func change(_ row: Row?, _ key: Int) -> AuthoredRow? {
        guard var row else {
            let (name, count) = (dice.below(5), dice.below(20))
            return .row(
                Row([
                    .integer(Int64(key)), .text(shape.isUnique ? "v\(name)" : "n\(name)"), .integer(Int64(count)),
                    .integer(Int64(dice.below(9))),
                ])
            )
        }
        if dice.below(6) == 0 { return AuthoredRow.none }
        let former = row
        if dice.below(2) == 0 { row[1] = .text("v\(dice.below(shape.isUnique ? 5 : 50))") }
        if dice.below(2) == 0, case .integer(let count)? = row[2] {
            row[2] = .integer(count + Int64(dice.below(9)) - 4)
        }
        if dice.below(3) == 0 { row[3] = .integer(Int64(dice.below(9))) }
        return row == former ? nil : .row(row)
    }

    // MARK: The node reads

    private mutating func read(_ index: Int) {
        guard !cutOff.contains(index) else { return }
        for _ in 0...dice.below(3) { readOne(index) }
    }

    private mutating func readAll(_ index: Int) {
        while problem == nil, readOne(index) {}
    }

    @discardableResult
    private mutating func readOne(_ index: Int) -> Bool {
        if intakes[index].history != members[index].history || !isRecognised(index) { join(index) }
        guard intakes[index].position < members[index].log.count else { return false }
        let record = members[index].log[intakes[index].position]
        intakes[index].position += 1
        switch record {
        case .signed(let lineage):
            guard memory.lineage.starts(with: lineage) else {
                fail("\(index) is read where another copy of the ledger signed it")
                return false
            }
            intakes[index].base = UInt64(lineage.count)
            intakes[index].isVague = false
            intakes[index].parked = intakes[index].parked.filter {
                $0.value.taken.map { $0 > UInt64(lineage.count) } ?? true
            }
            updateStable()
        case .local(let changes, let writes, let committed):
            take(changes, writes, from: index, base: intakes[index].base, committed: committed)
        }
        return true
    }

    private mutating func take(
        _ changes: [RowChange],
        _ writes: [Int],
        from index: Int,
        base: UInt64,
        committed: Timestamp,
        standing: CapturedTransaction.Standing = .following
    ) {
        var transaction = CapturedTransaction(
            author: members[index].actor,
            base: shape.flaw == .base ? memory.head : base,
            committed: committed,
            received: Timestamp(microseconds: now),
            changes: changes,
            compared: standing == .following ? intakes[index].compared(changes) : [:],
            standing: standing
        )
        if standing == .following { transaction.guessed = intakes[index].guessed(changes) }
        do {
            guard let entry = try merger.take(transaction, into: &memory) else { return }
            note("read \(writes) of \(index) as \(entry.sequence), base \(base)")
            for (change, number) in zip(changes, writes) {
                guard let id = Self.row(of: change), let version = memory.latest(of: id),
                    version.sequence == entry.sequence,
                    let write = version.state.writes.first(where: { $0.stamp.dot == version.dot })
                else { continue }
                stamped[number] = (id, write)
                merged[id, default: []].insert(number)
                check(write, number, on: id, standing)
                if shape.flaw == .tombstone, ledgerRow(id) == nil {
                    memory.forget(id)
                }
            }
            if !withholdings.isEmpty { try withhold(written: Set(changes.compactMap(Self.row))) }
        } catch {
            problem = "the merger failed: \(error)"
        }
    }

    static func row(of change: RowChange) -> RowID? {
        switch change {
        case .put(let id, _, _), .delete(let id, _): id
        default: nil
        }
    }

    /// Holds what the merger found out about a write against the truth.
    private mutating func check(
        _ write: RowWrite,
        _ number: Int,
        on id: RowID,
        _ standing: CapturedTransaction.Standing
    ) {
        guard standing == .following, let truth = truths[number] else { return }
        // A member that has not been brought to what the group was when it came is admitted row by row.
        let intake = intakes[truth.author]
        if intake.isVague || intake.base < intake.cameAt || intake.parked[id]?.isVague == true { return }
        // A row that a member ahead of the ledger was found with has writes in it that the ledger hears of later.
        if memory.versions[id]?.contains(where: \.version.isFound) == true { return }
        for (other, known) in stamped where known.row == id && other != number {
            let isSeen = write.stamp.context.includes(known.write.stamp.dot)
            let wasSeen = truth.seen.contains(other)
            guard isSeen == wasSeen else {
                problem =
                    "write \(number) of row \(id.key[5]) \(wasSeen ? "had" : "had not") seen write \(other), and counts as if "
                    + "it \(isSeen ? "had" : "had not")"
                return
            }
        }
        for edit in write.edits where write.kind == .update && edit.before != truth.before?[edit.column] {
            problem = "write \(number) changed \(truth.before as Any), and counts as a change of \(edit.before as Any)"
        }
    }

    mutating func updateStable() {
        merger.refused = Set(intakes.flatMap(\.parked.keys))
        guard intakes.allSatisfy(\.isJoined), let least = intakes.map(\.base).min() else {
            merger.stable = VersionVector()
            return
        }
        merger.stable = memory.sight(at: least).vector
    }

    // MARK: The node writes

    private mutating func prepare(_ index: Int) {
        let (start, end) = (members[index].applied, memory.head)
        let parked = intakes[index].parked.filter { $0.value.taken == nil }.keys
        // What a member refused is tried again with what comes next: what a signature says has to be new with it.
        guard end > start, intakes[index].history == members[index].history, intakes[index].isJoined,
            isRecognised(index)
        else { return }
        guard !cutOff.contains(index), !batches.contains(where: { $0.member == index }) else { return }
        let intake = intakes[index]
        let due = memory.due(for: members[index].actor, after: start, upTo: end) { row, sequence in
            sequence <= intake.cameAt && intake.found[row].map { sequence <= $0 } ?? false
        }
        let again = parked.filter { !due.contains($0) }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let rows = (due + again).map { id in
            (id: id, row: ledgerRow(id), seen: merged[id] ?? [])
        }
        batches.append(Batch(member: index, end: end, rows: rows))
    }

    /// What members are brought of a row.
    func ledgerRow(_ id: RowID) -> Row? {
        guard let version = memory.latest(of: id) else { return nil }
        if let withheld = version.withheld { return withheld.shown.row }
        do {
            return try version.state.outcome(under: Self.table.rules, evaluating: Self.expressions).row
        } catch {
            return nil
        }
    }

    private mutating func deliver() {
        guard !batches.isEmpty else { return }
        let batch = batches.remove(at: dice.below(batches.count))
        guard !cutOff.contains(batch.member) else { return }
        if shape.isUnique {
            place(batch)
        } else {
            for (id, row, seen) in batch.rows {
                members[batch.member].rows[id] = SimulatedMember.Held(row: row, seen: seen)
            }
        }
        members[batch.member].lineage = Array(memory.lineage.prefix(Int(batch.end)))
        members[batch.member].claim = nil
        members[batch.member].log.append(.signed(members[batch.member].lineage))
        note("bring \(batch.member) to \(batch.end): \(batch.rows.map { $0.id.key[5] })")
    }

    private mutating func forgetBatches(of index: Int) {
        batches.removeAll { $0.member == index }
    }

    // MARK: What goes wrong

    /// The node ends and starts anew from its ledger.
    mutating func crash() {
        batches = []
        var clocks: [Actor: HybridTime] = [:]
        for (actor, time) in memory.entries.map({ ($0.dot.actor, $0.sight.clock) }) { clocks[actor] = time }
        merger = Merger(
            tables: [Self.table],
            head: memory.sight(at: memory.head),
            clocks: clocks,
            expressions: Self.expressions
        )
        updateStable()
        note("crash")
    }

    private mutating func backUp(_ index: Int) {
        backups.append((index, members[index]))
    }

    /// A member comes back as it once was.
    private mutating func restore() {
        guard let backup = backups.popLast() else { return }
        let history = members[backup.member].history + 1
        members[backup.member] = backup.copy
        members[backup.member].history = history
        members[backup.member].log = []
        forgetBatches(of: backup.member)
        aftermath.hasMemberLoss = true
        note("restore \(backup.member) to \(backup.copy.applied)")
    }

    /// Compares what a member holds with what the group holds.
    private mutating func join(_ index: Int) {
        let origin = origin(of: index)
        if members[index].history > 0 || !isRecognised(index) {
            // Nothing that the ledger has of it is its own any more.
            former[index, default: []].insert(members[index].actor)
            members[index].actor = Actor(nextActor)
            nextActor += 1
        }
        if case .ahead(let shared) = origin { claim(index, at: shared) }
        if origin == .nowhere { members[index].lineage = [] }
        let member = members[index]
        intakes[index] = Intake(position: member.log.count, base: 0, history: member.history)
        intakes[index].isVague = member.history > 0 || origin != .nowhere
        updateStable()
        do {
            var comparison = Comparison(
                member: member.actor,
                from: origin,
                head: memory.head,
                former: former[index] ?? [],
                givesWay: index > 0
            )
            for (id, held) in member.rows.sorted(by: { $0.key.key.lexicographicallyPrecedes($1.key.key) }) {
                guard let row = held.row else { continue }
                let finding = try comparison.found(row, as: id, &merger, &memory)
                keep(finding, of: id, in: index, comparison)
                guard finding == .same else { continue }
                // Who holds what the group holds has seen what the group has, however it came by it.
                members[index].rows[id]?.seen.formUnion(merged[id] ?? [])
            }
            for id in memory.rows(of: 0) where comparison.asksForMissing && member.rows[id]?.row == nil {
                let finding = try comparison.missed(id, &merger, &memory)
                if finding == .written { keep(finding, of: id, in: index, comparison) }
                if finding == .stale { aftermath.excused.formUnion(member.rows[id]?.seen ?? []) }
            }
            let received = Timestamp(microseconds: now)
            if let transaction = comparison.transaction(received: received) {
                let writes = transaction.changes.map { change -> Int in
                    let id = Self.row(of: change)!
                    let held = member.rows[id]
                    let before = row(id, before: comparison)
                    let number = number(author: index, seen: held?.seen ?? [], before: before, of: id, after: held?.row)
                    aftermath.found.insert(number)
                    return number
                }
                take(
                    transaction.changes,
                    writes,
                    from: index,
                    base: transaction.base,
                    committed: transaction.committed,
                    standing: transaction.standing
                )
                for (change, write) in zip(transaction.changes, writes) {
                    guard let id = Self.row(of: change) else { continue }
                    members[index].rows[id, default: SimulatedMember.Held(row: nil, seen: [])].seen.insert(write)
                }
            }
            intakes[index].base = comparison.start
            intakes[index].cameAt = comparison.keepsFound ? memory.head : 0
            intakes[index].isJoined = true
            updateStable()
            note("join \(index), brought to \(member.applied): base \(comparison.base)")
        } catch {
            problem = "the comparison failed: \(error)"
        }
    }
}
