import TallyModel

/// Rows that members cannot hold all at once.
///
/// The node decides for all members, from the ledger alone. What it decides is an entry of its own, which members are brought
/// like any other. `DESIGN.md`, *Constraints*.
extension Merger {
    /// Decides anew which rows are withheld, after rows were written or a member has refused one.
    ///
    /// - Parameters:
    ///   - standing: What is withheld so far; becomes what is withheld now.
    ///   - breaches: What a member refuses.
    ///   - written: The rows that were written since; what has nothing to do with them or with `breaches` stays as it is.
    public mutating func withhold(
        _ standing: inout [Withholding],
        _ breaches: [Breach] = [],
        written: Set<RowID> = [],
        into memory: inout some GroupMemory
    ) throws {
        var known = Set(standing.map(\.breach))
        let told = Set(standing.flatMap(\.told))
        // Of one that was found twice, what says more.
        let precise = breaches.filter { $0.rule.referenced?.former != nil }
        var found: [Withholding] = []
        for breach in precise + breaches {
            let clash = try toldClash(of: breach, &memory)
            guard known.insert(breach).inserted || clash.map({ !told.contains($0) }) ?? false else { continue }
            found.append(
                Withholding(breach: breach, sequence: 0, write: nil, wanted: nil, told: clash.map { [$0] } ?? [])
            )
        }
        try noteFormer(of: &found, &memory)
        var named = NamedRows(written)
        var touched = (breaches + found.map(\.breach)).reduce(into: written) { $0.formUnion($1.rows) }
        try addWhatIsNamedAgain(to: &touched, by: &named, standing, &memory)
        var (others, components) = Self.components(of: touched, in: standing + found)
        for component in components { others += try settle(component, written, &named, &memory) }
        standing = others
    }

    /// What a member says with a breach of a rule that only members know; `nil` for all others.
    private func toldClash(of breach: Breach, _ memory: inout some GroupMemory) throws -> ToldClash? {
        guard case .unique([], let other) = breach.rule, let row = try row(breach.row, in: &memory),
            let rival = try self.row(other, in: &memory)
        else { return nil }
        return ToldClash(breach.row, row, other, rival)
    }

    /// Adds the rows that wait for what one of those written may be.
    private func addWhatIsNamedAgain(
        to touched: inout Set<RowID>,
        by written: inout NamedRows,
        _ standing: [Withholding],
        _ memory: inout some GroupMemory
    ) throws {
        for withholding in standing where !touched.contains(withholding.breach.row) {
            let id = withholding.breach.row
            guard case .reference(let columns, let referenced) = withholding.breach.rule,
                let version = try memory.latest(of: id), let wanted = try outcome(of: version.state, id).row
            else { continue }
            if try written.have(wanted.picking(columns), in: referenced, self, &memory) { touched.insert(id) }
        }
    }

    /// Decides anew about rows that are withheld because of one another.
    private mutating func settle(
        _ component: [Withholding],
        _ written: Set<RowID>,
        _ named: inout NamedRows,
        _ memory: inout some GroupMemory
    ) throws -> [Withholding] {
        var fixed: [Withholding] = []
        for withholding in component where !withholding.breach.rule.isUnique {
            if let kept = try decide(withholding, &named, &memory) { fixed.append(kept) }
        }
        let taken = Set(fixed.map(\.breach.row))
        let lost = try contend(component.filter { $0.breach.rule.isUnique }, except: taken, written, &memory)
        // What no longer stands is brought to members as it is.
        let left = Set((fixed + lost).map(\.breach.row))
        for row in Set(component.map(\.breach.row)).subtracting(left).sorted() {
            if let version = try memory.latest(of: row), version.withheld != nil {
                try show(nil, of: row, version, &memory)
            }
        }
        return fixed + lost
    }

    /// Has members brought a row once more, as it is.
    public mutating func showAgain(_ row: RowID, into memory: inout some GroupMemory) throws {
        guard let version = try memory.latest(of: row) else { return }
        try show(version.withheld, of: row, version, &memory)
    }

    /// What is withheld because of one another, directly or not, starting from some rows, each such lot by itself.
    ///
    /// - Returns: Also what has nothing to do with these rows.
    private static func components(
        of rows: Set<RowID>,
        in all: [Withholding]
    ) -> (others: [Withholding], components: [[Withholding]]) {
        var places: [RowID: [Int]] = [:]
        for (place, withholding) in all.enumerated() {
            for row in withholding.rows { places[row, default: []].append(place) }
        }
        var isReached = [Bool](repeating: false, count: all.count)
        var components: [[Withholding]] = []
        for start in all.indices where !isReached[start] && !all[start].rows.isDisjoint(with: rows) {
            isReached[start] = true
            var reached = [start]
            var next = 0
            while next < reached.count {
                for row in all[reached[next]].rows {
                    for place in places.removeValue(forKey: row) ?? [] where !isReached[place] {
                        isReached[place] = true
                        reached.append(place)
                    }
                }
                next += 1
            }
            components.append(reached.sorted().map { all[$0] })
        }
        return (all.indices.filter { !isReached[$0] }.map { all[$0] }, components)
    }

    // MARK: Rows that claim the same

    /// A row that claims values which no other may have.
    private struct Claim {
        var id: RowID
        var version: RowVersion
        var wanted: Row
        /// The write with which it came by them; `nil` where every member has long known.
        var write: RowWrite?

        /// Earlier claims come first; of one transaction's, in the order of keys.
        func precedes(_ other: Claim) -> Bool {
            switch (write?.stamp, other.write?.stamp) {
            case (nil, nil): id < other.id
            case (nil, _): true
            case (_, nil): false
            case (let mine?, let theirs?): mine.dot == theirs.dot ? id < other.id : mine.precedes(theirs)
            }
        }
    }

    /// The write with which a row came by its values in some columns, where the ledger still tells.
    static func claim(on columns: [Int], in state: RowState) -> RowWrite? {
        state.writes.last { write in
            write.kind == .insert || write.edits.contains { columns.isEmpty || columns.contains($0.column) }
        }
    }

    /// Lets rows have what they claim, the earlier claim first: a row whose claim clashes with those before it keeps the
    /// values from before it claimed them, and where it has none, or these clash as well, it is not to be there.
    ///
    /// What each row is then depends on the rows' states alone, and on what members have told of these.
    private mutating func contend(
        _ rivals: [Withholding],
        except taken: Set<RowID>,
        _ written: Set<RowID>,
        _ memory: inout some GroupMemory
    ) throws -> [Withholding] {
        guard !rivals.isEmpty else { return [] }
        // What members said of rows that were written since is of no use: they are let try.
        let told = Set(rivals.flatMap(\.told)).filter { written.isDisjoint(with: $0.rows) }
        let known = Set(rivals.map(\.breach) + rivals.compactMap(\.further) + rivals.flatMap(\.others))
        let rules = UniqueRules(known, told)
        var claims: [Claim] = []
        for id in rules.rows.subtracting(taken) {
            guard let version = try memory.latest(of: id), let wanted = try outcome(of: version.state, id).row else {
                continue
            }
            let write = Self.claim(on: rules.columns(of: id.table), in: version.state)
            claims.append(Claim(id: id, version: version, wanted: wanted, write: write))
        }
        claims.sort { $0.precedes($1) }
        var placed: [(claim: Claim, row: Row)] = []
        var lost: [Withholding] = []
        for claim in claims {
            func whatBlocks(_ row: Row) -> (id: RowID, terms: [UniqueTerm])? {
                for other in placed {
                    if let terms = rules.clash(claim.id, row, other.claim.id, other.row) {
                        return (other.claim.id, terms)
                    }
                }
                return nil
            }
            guard let obstacle = whatBlocks(claim.wanted), let write = claim.write else {
                placed.append((claim, claim.wanted))
                continue
            }
            let columns = obstacle.terms.isEmpty ? write.edits.map(\.column) : obstacle.terms.map(\.column)
            var shown = former(of: claim.wanted, write, columns, in: claim.id.table)
            if shown == claim.wanted { shown = nil }
            let further = shown.flatMap { whatBlocks($0) }
            if further != nil { shown = nil }
            if let shown { placed.append((claim, shown)) }
            let breach = Breach(row: claim.id, rule: .unique(obstacle.terms, obstacle.id))
            let withheld = Withheld(columns: columns, shown: AuthoredRow(shown))
            var made = try withhold(breach, claim.version, write, claim.wanted, withheld, &memory)
            made.further = further.map { Breach(row: claim.id, rule: .unique($0.terms, $0.id)) }
            lost.append(made)
        }
        // As long as any of the rows waits, what is known of all of them stays known: else one clash would come to light when
        // another goes, for ever.
        if !lost.isEmpty {
            lost[0].told = told.sorted()
            lost[0].others = known.subtracting(lost.map(\.breach))
        }
        return lost
    }

    /// The row without what an update has put into some columns; `nil` where nobody knows what was there before.
    func former(of wanted: Row, _ write: RowWrite, _ columns: [Int], in table: Int) -> Row? {
        guard write.kind == .update else { return nil }
        var row = wanted
        for edit in write.edits where columns.contains(edit.column) && edit.column < row.values.count {
            guard let before = edit.before else { return nil }
            if tables[table].kinds[edit.column].isSame(row[edit.column], edit.after) { row[edit.column] = before }
        }
        return row
    }

    // MARK: Showing

    mutating func withhold(
        _ breach: Breach,
        _ version: RowVersion,
        _ write: RowWrite?,
        _ wanted: Row,
        _ withheld: Withheld,
        _ memory: inout some GroupMemory
    ) throws -> Withholding {
        var sequence = version.sequence
        if version.withheld != withheld { sequence = try show(withheld, of: breach.row, version, &memory) }
        return Withholding(breach: breach, sequence: sequence, write: write, wanted: wanted)
    }

    /// Has members brought a row otherwise than before, by an entry of the node's that writes nothing.
    @discardableResult
    private mutating func show(
        _ withheld: Withheld?,
        of id: RowID,
        _ version: RowVersion,
        _ memory: inout some GroupMemory
    ) throws -> UInt64 {
        let dot = Dot(actor: .node, counter: head.vector[.node] + 1)
        let (base, sequence) = (head.sequence, head.sequence + 1)
        let clock = head.clock ?? HybridTime(microseconds: 0)
        var next = RowVersion(sequence: sequence, dot: dot, base: base, returns: true, state: version.state)
        next.withheld = withheld
        try memory.keep(next, of: id, isNew: false)
        advance(to: sequence, dot, clock)
        let committed = Timestamp(microseconds: clock.microseconds)
        try memory.keep(
            Entry(sequence: sequence, dot: dot, base: base, committed: committed, sight: head, clamped: nil, rows: 1)
        )
        return sequence
    }
}

/// The unique constraints that some rows clash under.
private struct UniqueRules {
    private(set) var rows: Set<RowID> = []
    /// By table: the terms of each.
    private var terms: [Int: Set<[UniqueTerm]>] = [:]
    private let told: Set<ToldClash>

    init(_ breaches: Set<Breach>, _ told: Set<ToldClash>) {
        self.told = told
        for breach in breaches {
            guard case .unique(let terms, let other) = breach.rule else { continue }
            rows.formUnion([breach.row, other])
            if !terms.isEmpty { self.terms[breach.row.table, default: []].insert(terms) }
        }
        for clash in told { rows.formUnion(clash.rows) }
    }

    func columns(of table: Int) -> [Int] { Set((terms[table] ?? []).joined().map(\.column)).sorted() }

    /// The terms by which two rows must not be, and are, the same: none of them where members said so; `nil` where they may
    /// be as they are.
    func clash(_ id: RowID, _ row: Row, _ other: RowID, _ rival: Row) -> [UniqueTerm]? {
        guard id.table == other.table else { return nil }
        // The same one whoever asks.
        let ordered = (terms[id.table] ?? []).sorted { left, right in
            left.lexicographicallyPrecedes(right) {
                ($0.column, $0.folding.rawValue) < ($1.column, $1.folding.rawValue)
            }
        }
        if let terms = ordered.first(where: { $0.clash(row, rival) }) { return terms }
        return told.contains(ToldClash(id, row, other, rival)) ? [] : nil
    }
}
