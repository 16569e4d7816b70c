import TallyModel

/// Rows that members cannot hold all at once.
///
/// The node decides for all members, from the ledger alone. What it decides is an entry of its own, which members are brought
/// like any other. `DESIGN.md`, *Constraints*.
extension Merger {
    /// Decides anew which rows are withheld, after rows were written or a member has refused one.
    ///
    /// - Parameters:
    ///   - standoffs: What is withheld so far, and what is known of it; becomes what is now.
    ///   - breaches: What a member refuses.
    ///   - written: The rows that were written since; what has nothing to do with them or with `breaches` stays as it is.
    public mutating func settle(
        _ standoffs: inout [Standoff],
        _ breaches: [Breach] = [],
        written: Set<RowID> = [],
        into memory: inout some GroupMemory
    ) throws {
        let news = try news(in: breaches, beside: standoffs, &memory)
        var named = NamedRows(written)
        var touched = breaches.reduce(into: written) { $0.formUnion($1.rows) }
        for standoff in news { touched.formUnion(standoff.rows) }
        for withholding in standoffs.flatMap(\.withheld) where !touched.contains(withholding.breach.row) {
            if try names(withholding.breach, oneOf: &named, &memory) { touched.insert(withholding.breach.row) }
        }
        let (others, lots) = Standoff.joined(standoffs + news, touching: touched)
        standoffs = others
        let new = Set(news.flatMap(\.known))
        for lot in lots { standoffs += try settle(lot, new, written, &named, &memory) }
    }

    /// What members have found that was not known yet, each by itself.
    private func news(
        in breaches: [Breach],
        beside standoffs: [Standoff],
        _ memory: inout some GroupMemory
    ) throws -> [Standoff] {
        if breaches.isEmpty { return [] }
        var known = standoffs.reduce(into: Set<Breach>()) { $0.formUnion($1.known) }
        let told = standoffs.reduce(into: Set<ToldClash>()) { $0.formUnion($1.told) }
        // Of one that was found twice, what says more.
        let precise = breaches.filter { $0.rule.referenced?.former != nil }
        var (found, clashes): ([Breach], [ToldClash]) = ([], [])
        for breach in precise + breaches {
            if let clash = try toldClash(of: breach, &memory), !told.contains(clash) { clashes.append(clash) }
            if known.insert(breach).inserted { found.append(breach) }
        }
        try noteFormer(of: &found, &memory)
        return found.map { Standoff(known: [$0]) } + clashes.map { Standoff(told: [$0]) }
    }

    /// What a member says with a breach of a rule that only members know; `nil` for all others.
    private func toldClash(of breach: Breach, _ memory: inout some GroupMemory) throws -> ToldClash? {
        guard case .unique([], let other) = breach.rule, let row = try row(breach.row, in: &memory),
            let rival = try self.row(other, in: &memory)
        else { return nil }
        return ToldClash(breach.row, row, other, rival)
    }

    /// Whether a row waits for what one of some rows may be.
    private func names(
        _ breach: Breach,
        oneOf rows: inout NamedRows,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        guard case .reference(let columns, let referenced) = breach.rule,
            let version = try memory.latest(of: breach.row),
            let wanted = try outcome(of: version.state, breach.row).row
        else { return false }
        return try rows.have(wanted.picking(columns), in: referenced, self, &memory)
    }

    /// Decides anew about rows that hang together.
    ///
    /// - Parameter new: What was not known so far.
    private mutating func settle(
        _ lot: Standoff,
        _ new: Set<Breach>,
        _ written: Set<RowID>,
        _ named: inout NamedRows,
        _ memory: inout some GroupMemory
    ) throws -> [Standoff] {
        var now = Standoff()
        // What members said of rows that were written since is of no use: they are let try.
        now.told = lot.told.filter { written.isDisjoint(with: $0.rows) }
        var links: [RowID: [Contest.Link]] = [:]
        var held: [RowID: [HeldBack]] = [:]
        let waiting = Dictionary(grouping: lot.withheld.map(\.breach), by: \.row)
        for breach in lot.known.sorted(by: Self.precedes) {
            guard let version = try memory.latest(of: breach.row),
                let wanted = try outcome(of: version.state, breach.row).row
            else { continue }
            let finding = Finding(
                breach: breach,
                version: version,
                wanted: wanted,
                isNew: new.contains(breach),
                isWritten: !written.isDisjoint(with: breach.rows),
                waiting: waiting[breach.row] ?? []
            )
            switch breach.rule {
            case .unique:
                if try !mayClash(finding, &memory) { continue }
            case .parent, .reference:
                guard let link = try link(finding, &named, &memory) else { continue }
                links[breach.row, default: []].append(link)
            case .row:
                guard let back = try heldBack(finding) else { continue }
                held[breach.row, default: []].append(back)
            }
            now.known.insert(breach)
        }
        var contenders: [Contest.Contender] = []
        for id in now.rows {
            guard let version = try memory.latest(of: id), let wanted = try outcome(of: version.state, id).row else {
                continue
            }
            let rest = held[id].map(HeldBack.shown) ?? wanted
            guard let rest else { continue }
            contenders.append(
                Contest.Contender(id: id, state: version.state, wanted: rest, links: links[id] ?? [])
            )
        }
        let verdicts = Contest(contenders, UniqueRules(now.known, now.told), tables).verdicts()
        for id in lot.rows.union(now.rows).sorted() {
            now.withheld += try show(verdicts[id], held[id] ?? [], of: id, &memory)
        }
        now.known.formUnion(now.withheld.flatMap { [$0.breach] + ($0.further.map { [$0] } ?? []) })
        return now.parted
    }

    /// One order whoever asks: a row may have several.
    private static func precedes(_ left: Breach, _ right: Breach) -> Bool {
        left.row == right.row ? "\(left.rule)" < "\(right.rule)" : left.row < right.row
    }

    /// Has members brought a row as it was decided, and says what is withheld of it.
    private mutating func show(
        _ verdict: Contest.Verdict?,
        _ held: [HeldBack],
        of id: RowID,
        _ memory: inout some GroupMemory
    ) throws -> [Withholding] {
        guard let version = try memory.latest(of: id) else { return [] }
        var (breaches, columns) = (held.map(\.breach), held.flatMap(\.columns))
        var further: Breach?
        if case .loses(let loss)? = verdict {
            breaches += loss.breaches
            columns += loss.columns
            further = loss.further
        }
        guard !breaches.isEmpty else {
            // What no longer stands is brought to members as it is.
            if version.withheld != nil { try show(nil, of: id, version, &memory) }
            return []
        }
        let withheld = Withheld(columns: Set(columns).sorted(), shown: AuthoredRow(verdict?.row))
        var sequence = version.sequence
        if version.withheld != withheld { sequence = try show(withheld, of: id, version, &memory) }
        let wanted = try outcome(of: version.state, id).row
        return breaches.map { breach in
            let write = wanted.flatMap { Self.withheldWrite(for: breach, $0, version.state) }
            return Withholding(
                breach: breach,
                sequence: sequence,
                write: write,
                wanted: wanted,
                further: breach.rule.isUnique ? further : nil
            )
        }
    }

    /// The write that a constraint keeps out.
    private static func withheldWrite(for breach: Breach, _ wanted: Row, _ state: RowState) -> RowWrite? {
        switch breach.rule {
        case .unique(let terms, _): claim(on: terms.map(\.column), in: state)
        case .parent(let columns, _), .reference(let columns, _): naming(wanted, columns, in: state)
        case .row(let columns): lastOfSeveral(on: columns, in: state)
        }
    }

    /// Has members brought a row once more, as it is.
    public mutating func showAgain(_ row: RowID, into memory: inout some GroupMemory) throws {
        guard let version = try memory.latest(of: row) else { return }
        try show(version.withheld, of: row, version, &memory)
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

    /// The write with which a row came by its values in some columns, where the ledger still tells.
    static func claim(on columns: [Int], in state: RowState) -> RowWrite? {
        state.writes.last { write in
            write.kind == .insert || write.edits.contains { columns.isEmpty || columns.contains($0.column) }
        }
    }
}

extension MergeTable {
    /// A row without what an update has put into some columns; `nil` where nobody knows what was there before.
    func former(of wanted: Row, _ write: RowWrite, _ columns: [Int]) -> Row? {
        guard write.kind == .update else { return nil }
        var row = wanted
        for edit in write.edits where columns.contains(edit.column) && edit.column < row.values.count {
            guard let before = edit.before else { return nil }
            if kinds[edit.column].isSame(row[edit.column], edit.after) { row[edit.column] = before }
        }
        return row
    }
}
