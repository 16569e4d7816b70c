import TallyLedger
import TallyMerge
import TallyModel

/// What a person's decision means for the row. Decides with values alone; ``GroupRecord`` carries it out.
struct Ruling {
    /// What to write to the row; `nil` where it is already as decided.
    var change: RowChange?
    var state: ConflictRecord.State
    /// The decision in words, for the ledger.
    var words: String
}

/// All that a decision depends on.
struct DecisionCase {
    let conflict: ConflictRecord
    /// The later conflict that it is part of.
    let whole: Int64?
    let schema: TableSchema
    let authors: Authors
    /// The row as it is now; `nil` where it is not there.
    let current: Row?
    /// What the row comes to if the deletes among the writes that met are left aside.
    let survivor: Row?
    /// The versions of the row since the conflict arose.
    let later: [RecordedVersion]

    private var id: Int64 { conflict.id }

    /// - Throws: ``Refusal``.
    func ruling(on decision: ConflictDecision) throws(Refusal) -> Ruling {
        try requireOpen(decision)
        try requireChoice(decision)
        switch decision {
        case .keep(let name):
            let write = try write(of: name)
            return Ruling(change: try change(to: write), state: .decided, words: "kept \(name)")
        case .set(let values):
            return try ruling(setting: values)
        case .undo:
            let write = try loser()
            let words = "kept \(authors.name(of: write.stamp.dot.actor))"
            return Ruling(change: try change(to: write), state: .undone, words: words)
        }
    }

    // MARK: Whether it can be decided

    private func requireOpen(_ decision: ConflictDecision) throws(Refusal) {
        switch conflict.state {
        case .waiting:
            if decision == .undo {
                throw Refusal(
                    .conflict,
                    "conflict \(id) waits for a person, so there is nothing to take back; "
                        + "`tally conflicts resolve \(id)` decides it"
                )
            }
        case .resolved:
            if let later = laterWrite {
                let author = authors.name(of: later.version.dot.actor)
                throw Refusal(
                    .conflict,
                    "\(author) has written to what conflict \(id) was about since (entry \(later.version.sequence)); "
                        + "write the row in a member to change it, `tally conflicts list` shows whether that was a "
                        + "conflict too"
                )
            }
        case .decided, .undone:
            throw Refusal(
                .conflict,
                "conflict \(id) is \(conflict.state.rawValue) already (\(conflict.decision ?? "")); write the row in a "
                    + "member to change it again"
            )
        case .superseded:
            if let whole {
                throw Refusal(
                    .conflict,
                    "conflict \(id) is part of conflict \(whole) since another write joined it; `tally conflicts show "
                        + "\(whole)` has all of them, and that one can be decided"
                )
            }
            throw Refusal(
                .conflict,
                "conflict \(id) is superseded: somebody wrote the row on; write it in a member to change it again"
            )
        }
    }

    /// Of what a constraint keeps out there is no other version to choose.
    private func requireChoice(_ decision: ConflictDecision) throws(Refusal) {
        guard conflict.constraint != nil else { return }
        if case .set = decision { return }
        throw Refusal(
            .conflict,
            "conflict \(id) is about a constraint, not about versions of the row: change what it clashes with in a member, "
                + "or give it other values with `tally conflicts resolve \(id) --set COLUMN=VALUE`"
        )
    }

    /// The first write since the conflict to what it was about.
    private var laterWrite: RecordedVersion? {
        later.first { version in
            // What a member wrote and is no longer known may have been anything; the node alone sends rows as they are.
            guard let write = version.write else { return version.version.dot.actor != .node }
            guard let column = conflict.column, write.kind == .update else { return true }
            return write.edits.contains { $0.column == column }
        }
    }

    // MARK: Which write it means

    private func write(of name: String) throws(Refusal) -> RowWrite {
        let parties = conflict.writes.map { authors.name(of: $0.stamp.dot.actor) }
        guard let place = parties.lastIndex(of: name) else {
            throw Refusal(
                .invalid,
                "conflict \(id) is between \(parties.joined(separator: " and ")); \(name) has no part in it"
            )
        }
        return conflict.writes[place]
    }

    private func loser() throws(Refusal) -> RowWrite {
        guard let winner = conflict.winner else {
            throw Refusal(
                .conflict,
                "what conflict \(id) came to is made of all that was written, so none of it lost; "
                    + "`tally conflicts resolve \(id) --keep MEMBER` or `--set COLUMN=VALUE` decides otherwise"
            )
        }
        let losers = conflict.writes.filter { $0.stamp.dot.actor != winner && isDefeated($0) }
        let outcomes = Set(losers.map { Outcome($0, conflict.column) })
        guard let loser = losers.last else {
            throw Refusal(.conflict, "nothing lost in conflict \(id)")
        }
        guard outcomes.count == 1 else {
            let names = losers.map { authors.name(of: $0.stamp.dot.actor) }
            throw Refusal(
                .conflict,
                "\(names.joined(separator: " and ")) both lost in conflict \(id); "
                    + "`tally conflicts resolve \(id) --keep MEMBER` says which of them it is to be"
            )
        }
        return loser
    }

    /// Whether the write stands on the other side of a row that went or stayed; all do that are about a column.
    private func isDefeated(_ write: RowWrite) -> Bool {
        conflict.column != nil || (write.kind == .delete) == (conflict.result != nil)
    }

    /// What a losing write would have made of what the conflict is about.
    private struct Outcome: Hashable {
        var isDelete: Bool
        var value: Value?

        init(_ write: RowWrite, _ column: Int?) {
            isDelete = write.kind == .delete
            value = column.flatMap { column in write.edits.first { $0.column == column }?.after }
        }
    }

    // MARK: What it makes of the row

    private func change(to write: RowWrite) throws(Refusal) -> RowChange? {
        guard let column = conflict.column else {
            if write.kind == .delete { return current == nil ? nil : .delete(conflict.row, time: nil) }
            guard current == nil else { return nil }
            return .put(conflict.row, try revived(), time: nil)
        }
        let value = write.edits.first { $0.column == column }?.after ?? .null
        return try put([column: value])
    }

    private func ruling(setting values: [String: String]) throws(Refusal) -> Ruling {
        guard !values.isEmpty else { throw Refusal(.invalid, "name at least one column: --set COLUMN=VALUE") }
        var decided: [Int: Value] = [:]
        for (name, text) in values.sorted(by: { $0.key < $1.key }) {
            guard let column = schema.column(named: name) else {
                throw Refusal(
                    .invalid,
                    "table \(schema.name) has no column \(name); its columns are "
                        + schema.columns.map(\.name).joined(separator: ", ")
                )
            }
            guard !schema.key.contains(column) else {
                throw Refusal(.invalid, "\(name) is part of the key, which names the row and cannot be set")
            }
            var examples = [current?.place(column), survivor?.place(column)]
            for edit in conflict.writes.flatMap(\.edits) where edit.column == column {
                examples += [edit.after, edit.before]
            }
            decided[column] = try GivenValue(text).value(for: schema.columns[column], like: examples)
        }
        let names = decided.keys.sorted().map { schema.columns[$0].name }
        return Ruling(change: try put(decided), state: .decided, words: "set \(names.joined(separator: ", "))")
    }

    /// Values over the row as it is, or over what it would be had nobody deleted it.
    private func put(_ values: [Int: Value]) throws(Refusal) -> RowChange? {
        var row = current == nil ? try revived() : Row([Value?](repeating: nil, count: schema.columns.count))
        for (column, value) in values { row[column] = value }
        if let current, conflict.state != .waiting, values.allSatisfy({ current.place($0) == $1 }) { return nil }
        return .put(conflict.row, row, time: nil)
    }

    /// The row as it would be had nobody deleted it.
    private func revived() throws(Refusal) -> Row {
        guard let survivor, schema.key.allSatisfy({ survivor.place($0) != nil }) else {
            throw Refusal(.conflict, "what the row of conflict \(id) held is no longer known; insert it in a member")
        }
        let width = schema.columns.count
        return Row(
            survivor.values.prefix(width) + [Value?](repeating: nil, count: max(0, width - survivor.values.count))
        )
    }
}

extension Row {
    func place(_ column: Int) -> Value? { column < values.count ? values[column] : nil }
}
