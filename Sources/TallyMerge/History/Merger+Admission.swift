import TallyModel

extension Merger {
    /// Makes a write that follows on all there is out of one whose author has not seen what all members but it have.
    ///
    /// Only a member that joins can write so. What the others have all seen is folded into the row's base, where no write
    /// can be concurrent with it any more: so the two rows are merged here as two that were made without knowledge of each
    /// other, and the result is written over what the group has.
    ///
    /// - Returns: `nil` where the row stays as it is in the group.
    mutating func admit(
        _ write: RowWrite,
        on row: Touched,
        _ latest: RowVersion,
        _ sequence: UInt64,
        _ memory: inout some GroupMemory
    ) throws -> RowWrite? {
        let current = try outcome(of: latest.state, row.id).row
        var theirs = write.stamp
        theirs.context = VersionVector()
        let known = try memory.sight(at: latest.sequence).clock ?? write.stamp.time
        let ours = Stamp(dot: latest.dot, time: known, context: VersionVector())
        var both = RowState()
        both.add(RowWrite(stamp: ours, kind: current == nil ? .delete : .insert, edits: Self.edits(of: current)))
        both.add(RowWrite(stamp: theirs, kind: row.after == nil ? .delete : .insert, edits: Self.edits(of: row.after)))
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
        let change: (kind: RowWrite.Kind, edits: [ColumnEdit])? =
            switch (current, merged.row) {
            case (nil, nil): nil
            case (nil, let row?): (.insert, Self.edits(of: row))
            case (_?, nil): (.delete, [])
            case (let current?, let merged?): self.change(from: current, to: merged, in: row.id.table)
            }
        guard let change else { return nil }
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

    /// What differs between two rows; `nil` where nothing does.
    ///
    /// - Parameter decided: What was decided on purpose, which counts as written even where it is as it was.
    func change(
        from before: Row,
        to after: Row,
        in table: Int,
        decided: Row? = nil
    ) -> (kind: RowWrite.Kind, edits: [ColumnEdit])? {
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
