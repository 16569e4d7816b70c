import TallyLedger
import TallyMerge
import TallyModel

/// Comparing what a member holds with what the group holds.
extension GroupRecord {
    /// Begins a comparison of all of a member's rows.
    ///
    /// - Parameter applied: The sequence that the member says it was brought to; 0 for one that is new.
    func beginJoining(_ name: String, applied: UInt64) throws -> Joining {
        var member = try member(name)
        let ledger = try opened()
        let head = self.head.sequence
        // A member that was here before knows the group up to where it was brought; what it wrote since is in its rows.
        let knows = applied > 0 && applied <= head
        member.stage = .joining
        member.base = knows ? applied : head
        try save(member)
        try ledger.beginComparison()
        return Joining(member: name, base: member.base, isNew: !knows)
    }

    /// Takes in rows as the member holds them, in the group's columns.
    func compare(_ rows: [Row], of table: Int, _ joining: Joining) throws {
        let ledger = try opened()
        let member = try member(joining.member)
        let form = groupTables[table]
        try changing { merger in
            var memory = ledger
            var changes: [CapturedChange] = []
            var owed: [RowID] = []
            for row in rows {
                let id = form.id(of: row.picking(form.schema.key))
                if !joining.isNew { try ledger.noteCompared(id) }
                let current = try merger.row(id, in: &memory)
                if merger.isSame(current, row, in: table) { continue }
                if !joining.isNew {
                    // What the member was brought to is not its own doing, however old it is.
                    let former = try merger.row(id, at: joining.base, in: &memory)
                    if merger.isSame(former, row, in: table) {
                        owed.append(id)
                        continue
                    }
                }
                changes.append(.put(id, row, time: nil))
            }
            try write(changes, owed, of: member, joining, &merger, &memory)
        }
    }

    /// Takes in which rows a member that was here before no longer holds.
    func concludeComparison(of table: Int, _ joining: Joining) throws {
        guard !joining.isNew else { return }
        let ledger = try opened()
        let member = try member(joining.member)
        try changing { merger in
            var memory = ledger
            var changes: [CapturedChange] = []
            var owed: [RowID] = []
            for id in try ledger.notCompared(of: table) {
                guard try merger.row(id, in: &memory) != nil else { continue }
                // A row that it was brought to and lacks was deleted there; one that it never had is still to come.
                if try merger.row(id, at: joining.base, in: &memory) != nil {
                    changes.append(.delete(id, time: nil))
                } else {
                    owed.append(id)
                }
            }
            try write(changes, owed, of: member, joining, &merger, &memory)
        }
    }

    /// Ends the comparison: from here on the member's log says what it does.
    func endJoining(_ joining: Joining) throws {
        var member = try member(joining.member)
        member.stage = .live
        try save(member)
    }

    private func write(
        _ changes: [CapturedChange],
        _ owed: [RowID],
        of member: GroupMember,
        _ joining: Joining,
        _ merger: inout Merger,
        _ memory: inout GroupLedger
    ) throws {
        let now = now()
        if !changes.isEmpty {
            // Rows of a new member give way to the group's: they count as written before all else.
            let transaction = CapturedTransaction(
                author: member.actor,
                base: joining.base,
                committed: joining.isNew && member.name != settings.seed ? Timestamp(microseconds: 0) : now,
                received: now,
                changes: changes,
                isJoining: joining.isNew
            )
            _ = try merger.take(transaction, into: &memory)
        }
        _ = try merger.send(owed, committed: now, into: &memory)
    }
}

/// A comparison of a member's rows with the group's.
struct Joining: Sendable {
    let member: String
    /// The sequence that the member has been brought to, or that the group was at when it came.
    let base: UInt64
    /// Whether the member has never been brought to anything.
    let isNew: Bool
}
