import TallyModel

/// What is made of what members have found, row by row, before rows contend.
extension Merger {
    /// What a member has found, and the row as it is now.
    struct Finding {
        var breach: Breach
        var version: RowVersion
        /// What the row comes to.
        var wanted: Row
        var isNew: Bool
        /// Whether one of the rows that it is about was written since it was last decided.
        var isWritten: Bool
        /// What the row was withheld for.
        var waiting: [Breach]

        var isWaiting: Bool { waiting.contains(breach) && version.withheld != nil }
    }

    /// Whether two rows may still be in each other's way, one of them having been written.
    func mayClash(_ finding: Finding, _ memory: inout some GroupMemory) throws -> Bool {
        guard finding.isWritten, !finding.isNew, case .unique(let terms, let other) = finding.breach.rule else {
            return true
        }
        guard !terms.isEmpty, let rival = try memory.latest(of: other) else { return false }
        let mine = [finding.wanted, try shown(finding.version, finding.breach.row)].compactMap(\.self)
        let theirs = [try outcome(of: rival.state, other).row, try shown(rival, other)].compactMap(\.self)
        return mine.contains { row in theirs.contains { terms.clash(row, $0) } }
    }

    /// What a row names that has to be there; `nil` where nothing has to, or the row is let try.
    ///
    /// - Parameter written: The rows that were written since it was last decided.
    func link(
        _ finding: Finding,
        _ written: inout NamedRows,
        _ memory: inout some GroupMemory
    ) throws -> Contest.Link? {
        let (breach, version, wanted) = (finding.breach, finding.version, finding.wanted)
        // Who waits for something does so until it is there; all others may have been left without on purpose.
        let isOpen = finding.isNew || finding.isWritten && !finding.isWaiting
        switch breach.rule {
        case .parent(let columns, let parent):
            let isNamed = try Self.names(parent, wanted, columns)
            if !finding.isNew, !finding.isWritten {
                return Contest.Link(breach: breach, columns: columns, named: try KeyCoding.decode(parent.key))
            }
            // What members are brought in the place of what it comes to may name another one.
            guard try isNamed || shown(version, breach.row).map({ try Self.names(parent, $0, columns) }) ?? false
            else { return nil }
            let link = Contest.Link(breach: breach, columns: columns, named: try KeyCoding.decode(parent.key))
            if try row(parent, in: &memory) != nil { return isOpen && !finding.isNew ? nil : link }
            guard isNamed, isOpen else { return link }
            let gone = try memory.latest(of: parent)
            let child = Child(
                id: breach.row,
                version: version,
                naming: Self.naming(wanted, columns, in: version.state),
                columns: columns,
                named: link.named
            )
            return try isMeant(child, without: (parent, gone), { $0.kind == .delete }, &memory) ? nil : link
        case .reference(let columns, let referenced):
            guard let former = referenced.former else { return nil }
            // Members are let try what somebody has written anew, and what may be there again.
            if !finding.isNew, finding.isWritten, version.withheld == nil { return nil }
            let link = Contest.Link(breach: breach, columns: columns, named: wanted.picking(columns))
            if try written.have(link.named, in: referenced, self, &memory) { return nil }
            guard isOpen, try !has(former, link.named, in: referenced, &memory) else { return link }
            let changed = try memory.latest(of: former)
            if let changed, isLostByMerging(link.named, in: referenced.columns, of: changed) { return link }
            let isChange = { (write: RowWrite) in
                write.kind == .delete
                    || write.kind == .update
                        && zip(columns, referenced.columns).contains { mine, theirs in
                            write.edits.contains { edit in
                                edit.column == theirs && !Self.mayBeSame(Row([edit.after]), Row([wanted[mine]]))
                            }
                        }
            }
            let child = Child(
                id: breach.row,
                version: version,
                naming: Self.naming(wanted, columns, in: version.state),
                columns: columns,
                named: link.named
            )
            return try isMeant(child, without: (former, changed), isChange, &memory) ? nil : link
        case .unique, .row: return nil
        }
    }

    /// What a rule about a row by itself leaves of it.
    struct HeldBack {
        var breach: Breach
        var columns: [Int]
        var shown: Row?

        /// What several leave.
        static func shown(_ all: [HeldBack]) -> Row? {
            guard var row = all.first?.shown else { return nil }
            for back in all.dropFirst() {
                guard let shown = back.shown else { return nil }
                for column in back.columns where column < min(row.values.count, shown.values.count) {
                    row[column] = shown[column]
                }
            }
            return row
        }
    }

    /// What is withheld of a row that breaks a rule by itself; `nil` where nothing is.
    func heldBack(_ finding: Finding) throws -> HeldBack? {
        let (breach, version, wanted) = (finding.breach, finding.version, finding.wanted)
        guard case .row(let columns) = breach.rule else { return nil }
        if finding.waiting.contains(breach) {
            // Members are let try what somebody has written anew.
            guard let withheld = version.withheld else { return nil }
            if finding.waiting.count == 1 {
                return HeldBack(breach: breach, columns: withheld.columns, shown: withheld.shown.row)
            }
        }
        guard let last = Self.lastOfSeveral(on: columns, in: version.state) else {
            // Other columns were written meanwhile, by somebody who had seen it all.
            guard finding.waiting.contains(breach), let withheld = version.withheld else { return nil }
            return HeldBack(breach: breach, columns: withheld.columns, shown: withheld.shown.row)
        }
        let kept = last.edits.map(\.column).filter { columns.isEmpty || columns.contains($0) }
        let shown = try without(last, kept, breach.row, version, wanted)
        return shown == wanted ? nil : HeldBack(breach: breach, columns: kept, shown: shown)
    }

    /// The last of the writes that a merge has made a row of, as far as they are about some columns; `nil` where it is one
    /// alone: what one member wrote and took itself, only another's rules refuse.
    static func lastOfSeveral(on columns: [Int], in state: RowState) -> RowWrite? {
        let frontier = Frontier(of: state.writes.map(\.stamp))
        let candidates = state.writes.filter { frontier.contains($0.stamp) && $0.isAbout(columns) }
        return candidates.count > 1 ? candidates.last : nil
    }

    /// A row that names another one.
    private struct Child {
        var id: RowID
        var version: RowVersion
        /// The write with which it came to; `nil` where every member has long known.
        var naming: RowWrite?
        var columns: [Int]
        var named: Row
    }

    /// Whether somebody left the row without its parent who knew both: in a member that does not enforce foreign keys.
    ///
    /// - Parameter isChange: Whether one of the parent's writes took away what the row names.
    private func isMeant(
        _ child: Child,
        without parent: (id: RowID, version: RowVersion?),
        _ isChange: (RowWrite) -> Bool,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        guard let version = parent.version else { return true }
        // What a constraint keeps out nobody took away, however long everybody has known the child.
        if version.withheld != nil { return false }
        // Who deletes both leaves nothing without its parent: somebody else's write has kept this one.
        if child.version.state.writes.contains(where: { $0.kind == .delete }) { return false }
        let changes = version.state.writes.filter(isChange)
        if changes.isEmpty { return true }
        // What a person decides about one row is not meant for others that name it.
        let authored = changes.filter { $0.stamp.dot.actor != .node }
        if let naming = child.naming?.stamp {
            // Whoever did both knew both: what one stamp says of another row's writes are others' alone.
            return authored.contains {
                $0.stamp.dot.actor == naming.dot.actor || $0.stamp.dominates(naming) || naming.dominates($0.stamp)
            }
        }
        guard let naming = try versionOfNaming(child, &memory) else { return true }
        return try authored.contains { change in
            let made = try self.version(of: parent.id, from: version, made: change, &memory)
            return made.dot.actor == naming.dot.actor || naming.sequence <= made.base || made.sequence <= naming.base
        }
    }

    /// The version with which a row came to name another one, of which its state no longer tells the write; `nil` where the
    /// ledger does not either.
    private func versionOfNaming(_ child: Child, _ memory: inout some GroupMemory) throws -> RowVersion? {
        var first = child.version
        while first.sequence > 0, let earlier = try memory.version(of: child.id, upTo: first.sequence - 1),
            let row = try outcome(of: earlier.state, child.id).row,
            Self.mayBeSame(row.picking(child.columns), child.named)
        {
            first = earlier
        }
        let write = first.state.writes.last { $0.stamp.dot == first.dot }
        return write?.isAbout(child.columns) ?? false ? first : nil
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
            let row = tables[id.table].former(of: wanted, write, columns)
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
