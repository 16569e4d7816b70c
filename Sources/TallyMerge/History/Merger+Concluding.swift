import TallyModel

/// What becomes of rows that a transaction touched.
extension Merger {
    /// Keeps what the transaction wrote to rows.
    mutating func conclude(
        _ touched: [Touched],
        _ open: inout OpenTransaction,
        _ memory: inout some GroupMemory
    ) throws {
        let transaction = open.transaction
        let (dot, sequence, own) = (open.dot, open.sequence, open.clock)
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
            open.clamped = [open.clamped, stamped.clamped].compactMap { $0 }.max()
            open.last = max(open.last ?? stamped.time, stamped.time)
            guard let write = change else {
                try giveBack(row, dot, sequence, &memory)
                open.rows += 1
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
                    open.last = max(open.last ?? written.stamp.time, written.stamp.time)
                }
            }
            try settle(written, on: row, sequence, transaction, returns: returns, &memory)
            try noteDoubts(about: written, after: transaction.earlier[row.id] ?? [], on: row.id, sequence, &memory)
            open.rows += 1
        }
    }

    /// Whether it is not known what the author changed of what others have: its row came from where the ledger does not
    /// reach, or theirs did, and may have the author's change in it.
    private func isGuess(
        _ row: Touched,
        _ transaction: CapturedTransaction,
        _ memory: inout some GroupMemory
    ) throws -> Bool {
        if row.hasSeenAll { return false }
        let base = transaction.compared[row.id] ?? transaction.base
        if !row.isOwn, transaction.standing == .ahead || transaction.guessed.contains(row.id) { return true }
        var isGuess = false
        try memory.trace(row.id) { version in
            isGuess = version.sequence > base && version.isFound && version.author != transaction.author
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
