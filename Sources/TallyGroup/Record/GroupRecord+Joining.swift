import TallyLedger
import TallyMerge
import TallyModel

/// Comparing what a member holds with what the group holds.
extension GroupRecord {
    /// Begins a comparison of all of a member's rows.
    ///
    /// - Parameter applied: The sequence that the member says it was brought to; 0 for one that is new.
    func beginJoining(_ name: String, applied: UInt64) throws -> Comparison {
        let ledger = try opened()
        var member = try member(name)
        let isRestored = member.stage == .restored || applied < member.base
        let isAhead = member.stage == .ahead && !isRestored
        try ledger.writing {
            if isRestored {
                // Nothing that the ledger has of it is its own any more. Once only, however often this is begun.
                member = try renumber(member)
                member.base = applied
            }
            member.stage = isAhead ? .ahead : .joining
            member.cameAt = 0
            try ledger.forgetCompared(member.actor)
            try ledger.forgetKeyNotes(of: member.actor)
            try ledger.save(member)
        }
        adopt(member)
        return Comparison(
            member: member.actor,
            from: isAhead ? .ahead(of: applied) : applied == 0 ? .nowhere : .brought(to: applied),
            head: head.sequence,
            former: Set(try ledger.authors().filter { $0.member == name && $0.actor != member.actor }.map(\.actor)),
            givesWay: name != settings.seed,
            newTables: try ledger.tables(since: applied)
        )
    }

    /// Has a member be compared with the group once more, whatever its log says.
    func compareAgain(_ name: String) throws {
        var member = try member(name)
        if member.stage == .live { member.stage = .joining }
        // What the log has up to now is in the rows that are compared.
        member.position = nil
        try save(member)
    }

    /// Has every member be compared once more where tables have come into the settings of a group that ran before: what the
    /// members hold of them, no log tells.
    func beginAnewWithNewTables() throws {
        let names = Set(groupTables.map(\.schema.name))
        guard !names.isEmpty, settings.tables.contains(where: { !names.contains($0.name) }) else { return }
        for name in settings.members { try compareAgain(name) }
    }

    /// Takes in rows as the member holds them.
    func compare(_ rows: [Row], by bridge: TableBridge, _ comparison: Comparison) throws {
        let ledger = try opened()
        let refused = try refusedRows(of: comparison)
        try changing { merger in
            var (memory, comparison) = (ledger, comparison)
            for (row, key, isRounded) in rows.lazy.map(bridge.row) {
                if try isLeftOut(key, bridge, of: comparison.member, ledger) { continue }
                let id = key.id
                let held = refused[id]
                let finding = try comparison.found(row, as: id, isRounded: isRounded, heldAsOf: held, &merger, &memory)
                try note(finding, of: id, comparison, head: merger.head.sequence)
            }
            try conclude(&comparison, &merger, &memory)
        }
    }

    /// Whether a row that the member was found with can be none of the group's.
    private func isLeftOut(_ key: MemberKey, _ bridge: TableBridge, of member: Actor, _ ledger: GroupLedger) throws
        -> Bool
    {
        let isSecond =
            try !key.hasNull && bridge.spellsFreely && ledger.isFoundTwice(key.id, spelled: key.name, in: member)
        guard key.hasNull || isSecond else { return false }
        try ledger.noteLeftOut(key.name, key.id.table, of: member, because: isSecond ? .spelling : .null)
        return true
    }

    /// Takes in which rows a member that was here before no longer holds.
    ///
    /// - Parameter isEmpty: Whether the member's table holds no row at all.
    /// - Throws: ``StoreError`` where that would delete every row of the table everywhere: more likely it was lost.
    func concludeComparison(of table: Int, isEmpty: Bool, _ comparison: Comparison) throws {
        guard comparison.asksForMissing else { return }
        let ledger = try opened()
        let refused = try refusedRows(of: comparison)
        try changing { merger in
            var (memory, comparison) = (ledger, comparison)
            let missing = try ledger.notCompared(of: table, in: comparison.member)
            // What it was never brought, as of a table that came into the group later, it has not lost.
            let loses =
                try isEmpty
                && missing.contains { id in
                    try merger.row(id, at: comparison.base, in: &memory) != nil && merger.row(id, in: &memory) != nil
                }
            if loses {
                throw StoreError(
                    .unsupported,
                    "the table is empty in this member, whose log does not say that its rows were deleted; nothing is "
                        + "deleted elsewhere for that: put the member back from a backup, and it joins again",
                    table: groupTables[table].schema.name
                )
            }
            for id in missing {
                let finding = try comparison.missed(id, heldAsOf: refused[id], &merger, &memory)
                if finding == .written { try note(finding, of: id, comparison, head: merger.head.sequence) }
            }
            try conclude(&comparison, &merger, &memory)
        }
    }

    /// Keeps in mind what a row was found to be, as far as that matters until the member has been brought to the group.
    private func note(_ finding: Comparison.Finding, of id: RowID, _ comparison: Comparison, head: UInt64) throws {
        let sequence: UInt64? =
            switch finding {
            case .same where comparison.keepsFound: head
            case .written where comparison.keepsWritten: 0
            default: nil
            }
        guard sequence != nil || comparison.asksForMissing else { return }
        try opened().noteCompared(id, of: comparison.member, asOf: sequence)
    }

    /// The rows that a member holds as of a sequence of their own, because it refused to go on with them.
    private func refusedRows(of comparison: Comparison) throws -> [RowID: UInt64] {
        try opened().parkedBases(in: comparison.member, broughtTo: comparison.base)
    }

    /// Ends the comparison: from here on the member's log says what it does.
    func endJoining(_ name: String, _ comparison: Comparison) throws {
        let ledger = try opened()
        var member = try member(name)
        member.stage = .live
        member.base = comparison.start
        member.cameAt = comparison.keepsFound ? head.sequence : 0
        try ledger.writing {
            if !comparison.keepsFound { try ledger.forgetCompared(member.actor) }
            try ledger.forgetOwnSpellings(of: member.actor)
            try ledger.save(member)
        }
        adopt(member)
        try updateStable()
    }

    private func conclude(
        _ comparison: inout Comparison,
        _ merger: inout Merger,
        _ memory: inout GroupLedger
    ) throws {
        let now = now()
        if let transaction = comparison.transaction(received: now) { _ = try merger.take(transaction, into: &memory) }
    }
}
