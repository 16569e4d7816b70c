public import TallyModel

/// What members find against rows one by one, and what is decided about those that stand against no other.
extension Merger {
    /// What the group can say of a breach that a member found.
    public enum Standing: Sendable, Hashable {
        /// It is one.
        case holds
        /// It is none any more: what it was about has been written since.
        case passed
        /// The member holds rows of which the group has not heard.
        case unheard
    }

    /// Whether a breach is one, as far as the group can tell: by the rows' values, or, where it is about an expression, as
    /// long as neither was written since the member had been brought to `end`.
    ///
    /// - Parameter values: For foreign keys, what the member's row has in the columns.
    public func standing(
        of breach: Breach,
        _ values: Row?,
        seenAt end: UInt64,
        in memory: inout some GroupMemory
    ) throws -> Standing {
        if try holds(breach, values, end, &memory) { return .holds }
        for id in breach.rows {
            if let version = try memory.latest(of: id), version.sequence > end { return .passed }
        }
        guard case .reference(let columns, let referenced) = breach.rule, let values else { return .unheard }
        return try isBrought(referenced, values, columns, after: end, &memory) ? .passed : .unheard
    }

    private func holds(
        _ breach: Breach,
        _ values: Row?,
        _ end: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        guard let version = try memory.latest(of: breach.row),
            let mine = try outcome(of: version.state, breach.row).row
        else { return false }
        switch breach.rule {
        case .row: return true
        case .unique(let terms, let other):
            guard let rival = try memory.latest(of: other) else { return false }
            if terms.isEmpty { return max(version.sequence, rival.sequence) <= end }
            guard let theirs = try shown(rival, other) else { return false }
            // What members are brought in the place of what it comes to may clash as well.
            return try terms.clash(mine, theirs) || shown(version, breach.row).map { terms.clash($0, theirs) } ?? false
        case .parent(let columns, let parent):
            return try Self.names(parent, mine, columns) && row(parent, in: &memory) == nil
        case .reference(let columns, let referenced):
            guard let values, Self.mayBeSame(mine.picking(columns), values) else { return false }
            return try !isBrought(referenced, values, columns, after: end, &memory)
        }
    }

    // MARK: Rows that others name

    /// The last write that gave a row what it has in some columns.
    private static func naming(_ row: Row, _ columns: [Int], in state: RowState) -> RowWrite? {
        state.writes.last { write in
            write.edits.contains { columns.contains($0.column) && mayBeSame(Row([$0.after]), Row([row[$0.column]])) }
        } ?? claim(on: columns, in: state)
    }

    /// Whether a row has the key of another one in some columns, which are in the order of that key.
    private static func names(_ parent: RowID, _ row: Row, _ columns: [Int]) throws -> Bool {
        mayBeSame(row.picking(columns), try KeyCoding.decode(parent.key))
    }

    /// Whether members are to be brought, after `sequence`, a row that has in the referenced columns what is named.
    private func isBrought(
        _ referenced: Referenced,
        _ values: Row,
        _ columns: [Int],
        after sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        for id in try memory.rows(of: referenced.table, writtenAfter: sequence) {
            guard let held = try row(id, in: &memory) else { continue }
            if Self.mayBeSame(held.picking(referenced.columns), values) { return true }
        }
        return false
    }

    /// Whether a row is one that `row` may name.
    private func isNamed(
        _ id: RowID,
        _ referenced: Referenced,
        _ row: Row,
        _ columns: [Int],
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        guard id.table == referenced.table, let held = try self.row(id, in: &memory) else { return false }
        return Self.mayBeSame(held.picking(referenced.columns), row.picking(columns))
    }

    /// The sequence that the author of a row's write had been brought to, as far back as the ledger tells.
    private func base(
        of write: RowWrite?,
        on id: RowID,
        _ latest: RowVersion,
        _ memory: inout some GroupMemory
    ) throws -> UInt64 {
        guard let write else { return latest.base }
        var version = latest
        while version.dot != write.stamp.dot {
            guard version.sequence > 0, let earlier = try memory.version(of: id, upTo: version.sequence - 1) else {
                break
            }
            version = earlier
        }
        return version.base
    }

    /// The row that had what `row` names when that was written, or was given it since, and has been written since.
    ///
    /// - Parameter base: The sequence that the author of `row` had been brought to.
    private func formerlyNamed(
        _ referenced: Referenced,
        _ row: Row,
        _ columns: [Int],
        since base: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> RowID? {
        let named = row.picking(columns)
        for id in try memory.rows(of: referenced.table, writtenAfter: base) {
            if let held = try self.row(id, at: base, in: &memory),
                Self.mayBeSame(held.picking(referenced.columns), named)
            {
                return id
            }
            // What another's write took away at once was never shown.
            let isGiven = try memory.latest(of: id)?.state.writes.contains { write in
                let given = write.edits.filter { referenced.columns.contains($0.column) }
                return !given.isEmpty
                    && given.allSatisfy { edit in
                        zip(referenced.columns, named.values).contains {
                            $0 == edit.column && Self.mayBeSame(Row([edit.after]), Row([$1]))
                        }
                    }
            }
            if isGiven == true { return id }
        }
        return nil
    }

    /// Adds the rows that wait for what one of those written may be.
    func addWhatIsNamedAgain(
        to touched: inout Set<RowID>,
        by written: Set<RowID>,
        _ standing: [Withholding],
        _ memory: inout some GroupMemory
    ) throws {
        for withholding in standing where !touched.contains(withholding.breach.row) {
            let id = withholding.breach.row
            guard case .reference(let columns, let referenced) = withholding.breach.rule,
                let version = try memory.latest(of: id), let wanted = try outcome(of: version.state, id).row
            else { continue }
            if try written.contains(where: { try isNamed($0, referenced, wanted, columns, &memory) }) {
                touched.insert(id)
            }
        }
    }

    /// Whether values may be the same for a member, whose columns may not tell upper case from lower, or heed spaces at the
    /// end: what is let try in vain is only tried.
    private static func mayBeSame(_ left: Row, _ right: Row) -> Bool {
        left.values.count == right.values.count
            && zip(left.values, right.values).allSatisfy { left, right in
                guard let left, let right, left != .null, right != .null else { return false }
                if ColumnKind.mixed.isSame(left, right) { return true }
                guard let left = left.characters, let right = right.characters else { return false }
                return folded(left) == folded(right)
            }
    }

    private static func folded(_ text: String) -> String {
        TextFolding.trimming.folded(TextFolding.caseless.folded(text))
    }

    // MARK: Rows by themselves

    /// What is withheld of a row whose parent is not there, or that breaks a rule by itself; `nil` where nothing is.
    ///
    /// - Parameter written: The rows that were written since it was last decided.
    mutating func decide(
        _ known: Withholding,
        _ written: Set<RowID>,
        _ memory: inout some GroupMemory
    ) throws -> Withholding? {
        let id = known.breach.row
        guard let version = try memory.latest(of: id), let wanted = try outcome(of: version.state, id).row else {
            return nil
        }
        switch known.breach.rule {
        case .unique: return nil
        case .parent(let columns, let parent):
            if try !Self.names(parent, wanted, columns) || row(parent, in: &memory) != nil { return nil }
            let write = Self.naming(wanted, columns, in: version.state)
            if known.sequence == 0 {
                let gone = try memory.latest(of: parent)
                if isMeant(write, version, without: gone, { $0.kind == .delete }) { return nil }
            }
            return try withhold(known.breach, version, write, wanted, Withheld(columns: columns, shown: .none), &memory)
        case .reference(let columns, let referenced):
            // Members are let try what somebody has written anew, and what may be there again.
            if known.sequence > 0, version.withheld == nil { return nil }
            let candidates = written.union(referenced.former.map { [$0] } ?? [])
            if try candidates.contains(where: { try isNamed($0, referenced, wanted, columns, &memory) }) { return nil }
            if known.sequence > 0 { return known }
            let write = Self.naming(wanted, columns, in: version.state)
            var breach = known.breach
            let base = try base(of: write, on: id, version, &memory)
            let former = try referenced.former ?? formerlyNamed(referenced, wanted, columns, since: base, &memory)
            breach.rule = .reference(
                columns,
                Referenced(table: referenced.table, columns: referenced.columns, former: former)
            )
            let changed = try former.flatMap { try memory.latest(of: $0) }
            let isChange = { (write: RowWrite) in
                write.kind == .delete
                    || write.kind == .update
                        && zip(columns, referenced.columns).contains { mine, theirs in
                            write.edits.contains { edit in
                                edit.column == theirs && !Self.mayBeSame(Row([edit.after]), Row([wanted[mine]]))
                            }
                        }
            }
            if isMeant(write, version, without: changed, isChange) { return nil }
            return try withhold(breach, version, write, wanted, Withheld(columns: columns, shown: .none), &memory)
        case .row(let columns):
            if known.sequence > 0 { return version.withheld == nil ? nil : known }
            // What one member wrote and took itself, only another's rules refuse: nothing that a merge has made.
            let frontier = Frontier(of: version.state.writes.map(\.stamp))
            let candidates = version.state.writes.filter { frontier.contains($0.stamp) && $0.isAbout(columns) }
            guard candidates.count > 1, let last = candidates.last else { return nil }
            let kept = last.edits.map(\.column).filter { columns.isEmpty || columns.contains($0) }
            let shown = try without(last, kept, id, version, wanted)
            let withheld = Withheld(columns: kept, shown: AuthoredRow(shown))
            return shown == wanted ? nil : try withhold(known.breach, version, last, wanted, withheld, &memory)
        }
    }

    /// Whether somebody left the row without its parent who knew both: in a member that does not enforce foreign keys.
    ///
    /// - Parameter isChange: Whether one of the parent's writes took away what the row names.
    private func isMeant(
        _ write: RowWrite?,
        _ child: RowVersion,
        without parent: RowVersion?,
        _ isChange: (RowWrite) -> Bool
    ) -> Bool {
        guard let parent else { return true }
        // What a constraint keeps out nobody took away, however long everybody has known the child.
        if parent.withheld != nil { return false }
        guard let write else { return true }
        // Who deletes both leaves nothing without its parent: somebody else's write has kept this one.
        if child.state.writes.contains(where: { $0.kind == .delete }) { return false }
        let changes = parent.state.writes.filter(isChange)
        // What a person decides about one row is not meant for others that name it.
        return changes.isEmpty
            || changes.contains { change in
                change.stamp.dot.actor != .node
                    && (change.stamp.dominates(write.stamp) || write.stamp.dominates(change.stamp))
            }
    }

    /// What the row would be without what one of its last writes put into some columns.
    private func without(
        _ write: RowWrite,
        _ columns: [Int],
        _ id: RowID,
        _ version: RowVersion,
        _ wanted: Row
    ) throws -> Row? {
        let rules = tables[id.table].rules
        if write.kind == .update, columns.allSatisfy({ rules.policy(of: $0).isRegister }),
            let row = former(of: wanted, write, columns, in: id.table)
        {
            return row
        }
        // What is added to others' additions is only left aside.
        var state = version.state.leavingOut([write.stamp.dot])
        var rest = write
        rest.edits.removeAll { columns.contains($0.column) }
        if write.kind == .update, !rest.edits.isEmpty { state.add(rest) }
        return try outcome(of: state, id).row
    }
}

extension RowWrite {
    /// Whether it writes one of some columns; of none where they are not known.
    fileprivate func isAbout(_ columns: [Int]) -> Bool {
        columns.isEmpty || edits.contains { columns.contains($0.column) }
    }
}

extension RowState {
    /// The state without the writes of some transactions.
    public func leavingOut(_ dots: Set<Dot>) -> RowState {
        var state = RowState(base: base, seen: seen)
        for write in writes where !dots.contains(write.stamp.dot) { state.add(write) }
        return state
    }
}
