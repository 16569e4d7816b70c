import TallyLedger
import TallyMerge
import TallyModel

/// What people and later writes make of conflicts.
extension GroupRecord {
    /// Carries out a decision: a transaction of the node's own that has seen everything, and so settles what clashed.
    ///
    /// Opens the ledger for as long as it takes where the group does not run.
    ///
    /// - Throws: ``Refusal`` where it cannot be done.
    func decide(_ id: Int64, _ decision: ConflictDecision) throws {
        let wasOpen = isOpen
        if !wasOpen { try open() }
        defer { if !wasOpen { close() } }
        let ledger = try opened()
        _ = try changing({ merger -> ConflictRecord in
            var memory = ledger
            guard let conflict = try ledger.conflict(id) else { throw Refusal.noConflict(id, in: settings.name) }
            let facts = DecisionCase(
                conflict: conflict,
                whole: ConflictParts(try ledger.conflicts(of: conflict.row)).whole[id],
                schema: groupTables[conflict.row.table].schema,
                authors: try Authors(of: ledger),
                current: try merger.row(conflict.row, in: &memory),
                survivor: try survivor(of: conflict),
                later: try ledger.history(of: conflict.row, after: conflict.sequence)
            )
            let ruling = try facts.ruling(on: decision)
            let moment = now()
            if let change = ruling.change.map({ canonical($0) }) {
                let transaction = CapturedTransaction(
                    author: .node,
                    base: merger.head.sequence,
                    committed: moment,
                    received: moment,
                    changes: [change],
                    standing: .deciding
                )
                _ = try merger.take(transaction, into: &memory)
            }
            try ledger.settle(id, as: ruling.state, at: moment, decision: ruling.words)
            return conflict
        }) { conflict, standoffs in
            let left = standoffs.lazy.flatMap(\.withheld).first { $0.breach.row == conflict.row }
            guard let left, conflict.constraint != nil else { return }
            throw Refusal.stillClashes(id, left.breach)
        }
    }

    /// What the row comes to if the deletes among the writes that met are left aside.
    private func survivor(of conflict: ConflictRecord) throws -> Row? {
        guard let state = try opened().wholeState(of: conflict.row, at: conflict.sequence) else { return nil }
        let deletes = Set(conflict.writes.filter { $0.kind == .delete }.map(\.stamp.dot))
        return try state.leavingOut(deletes).outcome(under: rules(of: conflict.row), evaluating: expressions).row
    }

    /// A decision with its values in the group's form.
    private func canonical(_ change: RowChange) -> RowChange {
        guard case .put(let id, let row, let time) = change else { return change }
        return .put(id, groupTables[id.table].values.row(row).row, time: time)
    }

    private func rules(of row: RowID) -> MergeRules { groupTables[row.table].merge.rules }
}

extension Refusal {
    static func stillClashes(_ id: Int64, _ breach: Breach) -> Refusal {
        let what =
            switch breach.rule {
            case .unique: "another row holds what this would make of it"
            case .parent, .reference: "the row that it refers to would still not be there"
            case .row: "it would still break the constraint"
            }
        return Refusal(
            .conflict,
            "\(what); `tally conflicts show \(id)` says what it clashes with. Nothing was changed"
        )
    }

    static func noConflict(_ id: Int64, in group: String) -> Refusal {
        Refusal(.notFound, "group \(group) has no conflict \(id); `tally conflicts list` shows those there are")
    }
}
