import TallyModel

extension Merger {
    /// Makes a write that follows on all there is out of one whose author has not seen what all members but it have.
    ///
    /// Only a member that joins can write so. What the others have all seen is folded into the row's base, where no write
    /// can be concurrent with it any more: so the two rows are merged here, and the result is written over what the group
    /// has. Where it is known what the author's row was before, both are changes of that; where it is not, they are
    /// two rows that were made without knowledge of each other, and every column of each counts as written.
    ///
    /// - Parameter isGuess: Whether what stands before the author's change may not be what it changed.
    /// - Returns: `nil` where the row stays as it is in the group.
    mutating func admit(
        _ write: RowWrite,
        on row: Touched,
        _ latest: RowVersion,
        isGuess: Bool,
        _ sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> RowWrite? {
        let current = try outcome(of: latest.state, row.id).row
        var theirs = write.stamp
        theirs.context = VersionVector()
        let known = try memory.sight(at: latest.sequence).clock ?? write.stamp.time
        let ours = Stamp(dot: latest.dot, time: known, context: VersionVector())
        let before = isGuess ? nil : row.before
        var both = RowState(base: before, seen: VersionVector())
        for (stamp, after) in [(ours, current), (theirs, row.after)] {
            guard let change = self.change(from: before, to: after, in: row.id.table) else { continue }
            both.add(RowWrite(stamp: stamp, kind: change.kind, edits: change.edits))
        }
        let merged = try outcome(of: both, row.id)
        for clash in merged.clashes {
            try memory.keep(
                Conflict(
                    sequence: sequence,
                    row: row.id,
                    clash: clash,
                    policy: tables[row.id.table].rules.decidingPolicy(of: clash),
                    writes: both.writes,
                    result: merged.row
                )
            )
        }
        guard current != nil || merged.row != nil,
            let change = self.change(from: current, to: merged.row, in: row.id.table)
        else { return nil }
        let time = max(write.stamp.time, (head.clock ?? write.stamp.time).next)
        let stamp = Stamp(dot: write.stamp.dot, time: time, context: head.vector)
        return RowWrite(stamp: stamp, kind: change.kind, edits: change.edits)
    }

    /// All that a row holds, as the edits of an insert.
    static func edits(of row: Row?) -> [ColumnEdit] {
        guard let row else { return [] }
        return row.values.enumerated().compactMap { column, value in
            value.map { ColumnEdit(column: column, before: nil, after: $0) }
        }
    }

    /// What makes one row of another, or of none; `nil` where nothing has to.
    ///
    /// - Parameter decided: What was decided on purpose, which counts as written even where it is as it was.
    func change(
        from before: Row?,
        to after: Row?,
        in table: Int,
        decided: Row? = nil
    ) -> (kind: RowWrite.Kind, edits: [ColumnEdit])? {
        guard let after else { return (.delete, []) }
        guard let before else { return (.insert, Self.edits(of: after)) }
        var edits: [ColumnEdit] = []
        for (column, value) in after.values.enumerated() {
            let former = column < before.values.count ? before[column] : nil
            let isDecided = decided.map { $0[column] != nil } ?? false
            guard let value, isDecided || !tables[table].kinds[column].isSame(former, value) else { continue }
            edits.append(ColumnEdit(column: column, before: former, after: value))
        }
        return edits.isEmpty ? nil : (.update, edits)
    }
}
