import TallyModel

/// Takes in what members committed, one transaction after the other, and says what the rows become.
///
/// It finds what each write had seen: a member's own log tells where the group's transactions stand between its own,
/// so that each of these has a *base*, the sequence that the member had been brought to. A row that nobody else wrote since
/// the base was seen as it is; otherwise the changes are concurrent and ``MergeRules`` decide.
/// See `DESIGN.md` of this room. Reads no clock; the same transactions in the same order give the same ledger.
public struct Merger: Sendable {
    public var tables: [MergeTable]
    /// How far a member's clock may be ahead of the node's.
    public var skew: Duration
    /// What every member has been seen to have reached: every write still to come has seen it.
    public var stable = VersionVector()
    /// Rows that some member holds otherwise than it was brought them, so that nothing is stable there.
    public var refused: Set<RowID> = []
    public private(set) var head: Sight
    private let expressions: any MergeExpressions
    /// What members have seen, as of their last transactions.
    private var bases: [Actor: Sight] = [:]
    /// When each member wrote last.
    private var clocks: [Actor: HybridTime]

    /// - Parameters:
    ///   - head: What the ledger holds.
    ///   - clocks: The time of each member's last write in it.
    public init(
        tables: [MergeTable],
        head: Sight = Sight(),
        clocks: [Actor: HybridTime] = [:],
        skew: Duration = .seconds(60),
        expressions: any MergeExpressions
    ) {
        self.tables = tables
        self.head = head
        self.clocks = clocks
        self.skew = skew
        self.expressions = expressions
    }

    /// A row within the transaction at hand.
    struct Touched {
        var id: RowID
        var latest: RowVersion?
        /// What the author's row held before the transaction, and what its author had seen of it.
        var before: Row?
        /// The sequence up to which its author had been brought with the row.
        var base: UInt64
        var context: VersionVector
        /// The latest time among what the author had seen.
        var clock: HybridTime?
        var hasSeenAll: Bool
        /// Whether what stands before the author's change is of the author itself, and so what it changed.
        var isOwn = false
        var after: Row?
        var time: Timestamp?
        /// The values that a person decided, where one did.
        var decided: Row?
    }

    /// Takes in a transaction.
    ///
    /// - Returns: The entry it became; `nil` where it changed nothing.
    /// - Throws: What the memory throws, or an expression of the rules.
    public mutating func take(
        _ transaction: CapturedTransaction,
        into memory: inout some GroupMemory
    ) throws -> Entry? {
        let author = transaction.author
        let standing = transaction.standing
        let base = standing == .new ? Sight() : try sight(of: author, at: transaction.base, &memory)
        let compared = try transaction.compared.mapValues { try memory.sight(at: $0) }
        var touched: [Touched] = []
        touched.reserveCapacity(transaction.changes.count)
        var places: [RowID: Int] = [:]
        places.reserveCapacity(transaction.changes.count)

        func place(of id: RowID, _ memory: inout some GroupMemory) throws -> Int {
            let place = places.value(of: id, orNew: touched.count)
            if place == touched.count {
                touched.append(try look(at: id, author, compared[id] ?? base, standing, &memory))
            }
            return place
        }

        for change in transaction.changes {
            switch change {
            case .put(let id, let row, let time):
                let place = try place(of: id, &memory)
                touched[place].after = row.filled(from: touched[place].after)
                touched[place].time = time
                if standing == .deciding { touched[place].decided = row }
            case .delete(let id, let time):
                let place = try place(of: id, &memory)
                touched[place].after = nil
                touched[place].time = time
            case .move(let former, let id, let row, let time):
                let old = try place(of: former, &memory)
                let new = try place(of: id, &memory)
                touched[new].after = row.filled(from: touched[old].after)
                touched[new].time = time
                touched[old].after = nil
                touched[old].time = time
            case .truncate(let table):
                for id in try memory.rows(of: table) {
                    let place = try place(of: id, &memory)
                    touched[place].after = nil
                    touched[place].time = nil
                }
                for place in touched.indices where touched[place].id.table == table { touched[place].after = nil }
            }
        }
        for id in transaction.returning.subtracting(places.keys).sorted() { _ = try place(of: id, &memory) }
        return try conclude(touched, transaction, &memory)
    }

    // MARK: What had been seen

    mutating func sight(
        of author: Actor,
        at sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> Sight {
        if let known = bases[author], known.sequence == sequence { return known }
        let found = sequence == head.sequence ? head : try memory.sight(at: sequence)
        bases[author] = found
        return found
    }

    /// Finds what the author's row held before the transaction.
    func look(
        at id: RowID,
        _ author: Actor,
        _ base: Sight,
        _ standing: CapturedTransaction.Standing,
        _ memory: inout some GroupMemory
    ) throws -> Touched {
        guard let latest = try memory.latest(of: id) else {
            return Touched(
                id: id,
                before: nil,
                base: base.sequence,
                context: base.vector,
                clock: base.clock,
                hasSeenAll: true
            )
        }
        let isOwn = latest.dot.actor == author && !latest.returns
        if latest.sequence <= base.sequence || isOwn {
            let row = try shown(latest, id)
            var context = base.vector
            if isOwn { context = try seen(by: latest, base, &memory) }
            return Touched(
                id: id,
                latest: latest,
                before: row,
                base: isOwn ? max(latest.base, base.sequence) : base.sequence,
                context: context,
                clock: base.clock,
                hasSeenAll: true,
                after: row
            )
        }
        var found = Touched(
            id: id,
            latest: latest,
            before: nil,
            base: base.sequence,
            context: base.vector,
            clock: base.clock,
            hasSeenAll: false
        )
        // The author's own last version that the base lacks, unless something was written over it since.
        var own: VersionTrace?
        var isOverwritten = false
        try memory.trace(id) { version in
            if standing == .new { return true }
            if let own {
                if version.sequence <= own.base { return true }
                isOverwritten = version.sequence <= base.sequence && version.isSent(to: author)
                return isOverwritten
            }
            if version.sequence <= base.sequence { return true }
            if version.author == author { own = version }
            return own.map { $0.base >= base.sequence } ?? false
        }
        if let own, !isOverwritten, let version = try memory.version(of: id, upTo: own.sequence) {
            found.before = try version.authored.map(\.row) ?? shown(version, id)
            found.base = max(version.base, base.sequence)
            found.context = try seen(by: version, base, &memory)
            found.isOwn = true
        } else {
            found.before = try row(id, at: base.sequence, in: &memory)
        }
        found.after = found.before
        return found
    }

    /// Whether a member that was brought to `base` holds a row, by that and by what it wrote since.
    public mutating func isHeld(
        _ id: RowID,
        by member: Actor,
        broughtTo base: UInt64,
        in memory: inout some GroupMemory
    ) throws -> Bool {
        let sight = try sight(of: member, at: base, &memory)
        return try look(at: id, member, sight, .following, &memory).before != nil
    }

    /// What its author has seen of a row that still holds what it wrote: what it had seen when it wrote that, at the least.
    private func seen(
        by version: RowVersion,
        _ base: Sight,
        _ memory: inout some GroupMemory
    ) throws -> VersionVector {
        let seen = version.base > base.sequence ? try memory.sight(at: version.base) : base
        return version.context(following: seen.vector)
    }

    func outcome(of state: RowState, _ id: RowID) throws -> MergeOutcome {
        try state.outcome(under: tables[id.table].rules, evaluating: expressions)
    }

    /// What members are brought of a row's version.
    func shown(_ version: RowVersion, _ id: RowID) throws -> Row? {
        if let withheld = version.withheld { return withheld.shown.row }
        return try outcome(of: version.state, id).row
    }

    // MARK: What becomes of it

    /// Keeps what the transaction wrote, and its entry; `nil` where it wrote nothing.
    private mutating func conclude(
        _ touched: [Touched],
        _ transaction: CapturedTransaction,
        _ memory: inout some GroupMemory
    ) throws -> Entry? {
        let author = transaction.author
        let dot = Dot(actor: author, counter: head.vector[author] + 1)
        let sequence = head.sequence + 1
        let own = clocks[author]
        var last: HybridTime?
        var clamped: Duration?
        var rows = 0
        for var row in touched {
            let returns = transaction.returning.contains(row.id)
            let change = write(row, dot)
            guard change != nil || returns && row.latest != nil else { continue }
            let stamped = HybridClock.stamp(
                committed: row.time ?? transaction.committed,
                seen: [row.clock, own].compactMap { $0 }.max(),
                received: transaction.received,
                skew: skew
            )
            clamped = [clamped, stamped.clamped].compactMap { $0 }.max()
            last = max(last ?? stamped.time, stamped.time)
            guard let write = change else {
                try giveBack(row, dot, sequence, &memory)
                rows += 1
                continue
            }
            let stamp = Stamp(dot: dot, time: stamped.time, context: row.context)
            var written = RowWrite(stamp: stamp, kind: write.kind, edits: write.edits)
            if let latest = row.latest {
                let isGuess = try isGuess(row, transaction, &memory)
                if isGuess || !row.context.covers(latest.state.seen) {
                    guard let admitted = try admit(written, on: row, latest, isGuess: isGuess, sequence, &memory) else {
                        continue
                    }
                    written = admitted
                    row.hasSeenAll = false
                    last = max(last ?? written.stamp.time, written.stamp.time)
                }
            }
            try settle(written, on: row, sequence, transaction, returns: returns, &memory)
            try noteDoubts(about: written, after: transaction.earlier[row.id] ?? [], on: row.id, sequence, &memory)
            rows += 1
        }
        guard rows > 0, let last else { return nil }
        clocks[author] = last
        advance(to: sequence, dot, last)
        let entry = Entry(
            sequence: sequence,
            dot: dot,
            base: transaction.base,
            committed: transaction.committed,
            sight: head,
            clamped: clamped,
            rows: rows
        )
        try memory.keep(entry)
        return entry
    }

    /// Takes note of one more entry.
    mutating func advance(to sequence: UInt64, _ dot: Dot, _ last: HybridTime) {
        var vector = head.vector
        vector.insert(dot)
        head = Sight(sequence: sequence, vector: vector, clock: max(head.clock ?? last, last))
    }

    /// Whether it is not known what the author changed of what others have: its row came from where the ledger does not
    /// reach, or theirs did, and may have the author's change in it.
    private func isGuess(
        _ row: Touched,
        _ transaction: CapturedTransaction,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        if row.hasSeenAll || row.isOwn { return false }
        let base = transaction.compared[row.id] ?? transaction.base
        if transaction.standing == .ahead || transaction.guessed.contains(row.id) { return true }
        var isGuess = false
        try memory.trace(row.id) { version in
            isGuess = version.sequence > base && version.isFound
            return isGuess || version.sequence <= base
        }
        return isGuess
    }

    /// What the author did to the row; `nil` where it is as it was.
    private func write(_ row: Touched, _ dot: Dot) -> (kind: RowWrite.Kind, edits: [ColumnEdit])? {
        if row.before == nil, row.after == nil { return nil }
        return change(from: row.before, to: row.after, in: row.id.table, decided: row.decided)
    }

    /// Keeps that a row stays as it is in the group, and that its author is sent it.
    private func giveBack(
        _ row: Touched,
        _ dot: Dot,
        _ sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws {
        guard let latest = row.latest else { return }
        var version = RowVersion(sequence: sequence, dot: dot, base: row.base, returns: true, state: latest.state)
        version.withheld = latest.withheld
        try memory.keep(version, of: row.id, isNew: false)
    }

    private func settle(
        _ write: RowWrite,
        on row: Touched,
        _ sequence: UInt64,
        _ transaction: CapturedTransaction,
        returns: Bool,
        _ memory: inout some GroupMemory
    ) throws {
        let rules = tables[row.id.table].rules
        var state = row.latest?.state ?? RowState()
        // Of a row that is withheld it must stay known with which write it claimed what it is not let have.
        let isOpen = row.latest?.withheld != nil || refused.contains(row.id)
        if !state.isSettled, !isOpen { try state.fold(stable: stable, under: rules, evaluating: expressions) }
        state.add(write)
        state.prune(under: rules)
        var version = RowVersion(
            sequence: sequence,
            dot: write.stamp.dot,
            base: row.base,
            returns: returns,
            state: state
        )
        version.isFound = transaction.standing == .ahead
        if !row.hasSeenAll || row.latest?.withheld != nil {
            let outcome = try outcome(of: state, row.id)
            version.withheld = row.latest?.withheld?.following(write, to: outcome.row)
            let shown = version.withheld.map(\.shown.row) ?? outcome.row
            version.returns = returns || !row.hasSeenAll || shown != row.after
            if shown != row.after { version.authored = AuthoredRow(row.after) }
            if !row.hasSeenAll { try note(outcome, after: write, on: row.id, version, &memory) }
        }
        try memory.keep(version, of: row.id, isNew: row.hasSeenAll && row.before == nil)
    }

    /// Keeps as conflicts where a write may have the differences of earlier ones in its own, which are counted all the same:
    /// most copies from which members are restored were made before those.
    private func noteDoubts(
        about write: RowWrite,
        after earlier: [RowWrite],
        on row: RowID,
        _ sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws {
        let rules = tables[row.table].rules
        for edit in write.edits where rules.policy(of: edit.column).adds {
            let parts = earlier.filter { $0.edit(of: edit.column) != nil }
            guard !parts.isEmpty else { continue }
            try memory.keep(
                Conflict(
                    sequence: sequence,
                    row: row,
                    clash: Clash(column: edit.column, candidates: (parts + [write]).map(\.stamp.dot), winner: nil),
                    policy: .column(rules.policy(of: edit.column)),
                    writes: parts + [write],
                    result: try self.row(row, in: &memory)
                )
            )
        }
    }

    /// Keeps the conflicts that arose with a write.
    private func note(
        _ outcome: MergeOutcome,
        after write: RowWrite,
        on row: RowID,
        _ version: RowVersion,
        _ memory: inout some GroupMemory
    ) throws {
        for clash in outcome.clashes where clash.candidates.contains(write.stamp.dot) {
            try memory.keep(
                Conflict(
                    sequence: version.sequence,
                    row: row,
                    clash: clash,
                    policy: tables[row.table].rules.decidingPolicy(of: clash),
                    writes: version.state.writes.filter { clash.candidates.contains($0.stamp.dot) },
                    result: outcome.row
                )
            )
        }
    }
}

extension Actor {
    /// The group's node: it writes what people decide.
    public static let node = Actor(0)
}

extension Row {
    /// The row with the places that it leaves open taken from `former`.
    fileprivate func filled(from former: Row?) -> Row {
        guard let former, !isComplete else { return self }
        return former.overlaid(by: self)
    }
}
