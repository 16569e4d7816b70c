public import TallyModel

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
    let expressions: any MergeExpressions
    /// What members have seen, as of their last transactions.
    private var bases: [Actor: Sight] = [:]
    /// When each member wrote last.
    var clocks: [Actor: HybridTime]

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
        var open = try begin(transaction, &memory)
        let compared = try transaction.compared.mapValues { try memory.sight(at: $0) }
        var touched: [Touched] = []
        touched.reserveCapacity(transaction.changes.count)
        var places: [RowID: Int] = [:]
        places.reserveCapacity(transaction.changes.count)

        func place(of id: RowID, _ memory: inout some GroupMemory) throws -> Int {
            let place = places.value(of: id, orNew: touched.count)
            if place == touched.count {
                let base = compared[id] ?? open.base
                touched.append(try look(at: id, transaction.author, base, transaction.standing, &memory))
            }
            return place
        }

        for change in transaction.changes {
            switch change {
            case .put(let id, let row, let time):
                let place = try place(of: id, &memory)
                touched[place].after = row.filled(from: touched[place].after)
                touched[place].time = time
                if transaction.standing == .deciding { touched[place].decided = row }
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
        try conclude(touched, &open, &memory)
        return try end(open, &memory)
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

    /// What a member that was brought to `base` holds of a row, by that and by what it wrote since; `nil` where it has none.
    public mutating func held(
        _ id: RowID,
        by member: Actor,
        broughtTo base: UInt64,
        in memory: inout some GroupMemory
    ) throws -> Row? {
        let sight = try sight(of: member, at: base, &memory)
        return try look(at: id, member, sight, .following, &memory).before
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

    /// Takes note of one more entry.
    mutating func advance(to sequence: UInt64, _ dot: Dot, _ last: HybridTime) {
        var vector = head.vector
        vector.insert(dot)
        head = Sight(sequence: sequence, vector: vector, clock: max(head.clock ?? last, last))
    }
}

extension Actor {
    /// The group's node: it writes what people decide.
    public static let node = Actor(0)
}

extension Row {
    /// The row with the places that it leaves open taken from `former`.
    package func filled(from former: Row?) -> Row {
        guard let former, !isComplete else { return self }
        // What the ledger knows of a row may end before places that nobody has ever said anything about.
        return Row(values.enumerated().map { $1 ?? ($0 < former.values.count ? former[$0] : nil) })
    }
}
