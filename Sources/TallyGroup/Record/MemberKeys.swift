import TallyLedger
import TallyMerge
import TallyModel

/// Finds which of the group's rows a member's rows are, where the member spells keys in its own way.
///
/// A member may hold what the group cannot: rows with NULL in their key, and two rows whose keys are one in two spellings.
/// Such rows are left out, and the ledger remembers them until they go or get a key of their own.
struct MemberKeys {
    private let ledger: GroupLedger
    private let member: Actor
    /// Whether anything is remembered of the member's keys.
    private var hasNotes: Bool
    /// Which rows the transaction at hand brought or took.
    private var present: [RowID: Bool] = [:]

    init(_ ledger: GroupLedger, of member: Actor) throws {
        self.ledger = ledger
        self.member = member
        hasNotes = try ledger.hasKeyNotes(of: member)
    }

    /// The changes of a transaction in the group's terms, without those of rows that are left out.
    ///
    /// - Parameter isHeld: Whether the member holds a row before the transaction.
    mutating func admit(_ changes: [MemberChange], isHeld: (RowID) throws -> Bool) throws -> [RowChange] {
        present = [:]
        if !hasNotes, changes.allSatisfy(\.isPlain) { return changes.map(\.plain) }
        hasNotes = true
        return try changes.compactMap { try admit($0, isHeld) }
    }

    private mutating func admit(_ change: MemberChange, _ isHeld: (RowID) throws -> Bool) throws -> RowChange? {
        let key = change.key
        switch change.operation {
        case .truncate:
            try ledger.forgetKeyNotes(of: member, in: change.table)
            return change.plain
        case .delete:
            if try isLeftOut(key) {
                try ledger.forgetLeftOut(key.name, change.table, of: member)
                return nil
            }
            try release(key)
            return change.plain
        case .insert:
            return try take(key, change.table, isHeld) ? change.put : nil
        case .update:
            guard let former = change.former else {
                if try isLeftOut(key) {
                    if try key.hasNull || holds(key.id, isHeld) { return nil }
                    // The row whose key it had is gone.
                    try ledger.forgetLeftOut(key.name, change.table, of: member)
                }
                try claim(key)
                return change.put
            }
            return try move(from: former, change, isHeld)
        }
    }

    private mutating func move(
        from former: MemberKey,
        _ change: MemberChange,
        _ isHeld: (RowID) throws -> Bool
    ) throws -> RowChange? {
        let key = change.key
        if try isLeftOut(former) {
            try ledger.forgetLeftOut(former.name, change.table, of: member)
            return try take(key, change.table, isHeld) ? change.put : nil
        }
        if former.id == key.id {
            try claim(key)
            return change.put
        }
        try release(former)
        return try take(key, change.table, isHeld) ? change.plain : .delete(former.id, time: change.time)
    }

    // MARK: Rows

    private func holds(_ id: RowID, _ isHeld: (RowID) throws -> Bool) throws -> Bool { try present[id] ?? isHeld(id) }

    private func isLeftOut(_ key: MemberKey) throws -> Bool {
        try key.hasNull || ledger.isLeftOut(key.name, key.id.table, of: member)
    }

    /// Takes in a row that comes, unless it has to be left out.
    private mutating func take(_ key: MemberKey, _ table: Int, _ isHeld: (RowID) throws -> Bool) throws -> Bool {
        let own = try ledger.spelling(of: key.id, in: member)
        let isSecond = try !key.hasNull && own != key.spelling && holds(key.id, isHeld)
        if key.hasNull || isSecond {
            try ledger.noteLeftOut(key.name, table, of: member, because: key.hasNull ? .null : .spelling)
            return false
        }
        try claim(key)
        return true
    }

    private mutating func claim(_ key: MemberKey) throws {
        try ledger.note(spelling: key.spelling, of: key.id, in: member)
        present[key.id] = true
    }

    private mutating func release(_ key: MemberKey) throws {
        try ledger.note(spelling: nil, of: key.id, in: member)
        present[key.id] = false
    }
}

extension MemberKey {
    fileprivate var isPlain: Bool { spelling == nil && !hasNull }

    /// The key as the member holds it.
    var name: [UInt8] { spelling ?? id.key }
}

extension MemberChange {
    /// Whether its keys are keys of the group, in its own spelling.
    fileprivate var isPlain: Bool { key.isPlain && former?.isPlain ?? true }

    var put: RowChange { .put(key.id, row, time: time) }

    /// The change where nothing stands in its way.
    var plain: RowChange {
        switch operation {
        case .truncate: return .truncate(table: table)
        case .delete: return .delete(key.id, time: time)
        case .insert, .update:
            guard let former, former.id != key.id else { return put }
            return .move(from: former.id, to: key.id, row, time: time)
        }
    }
}

/// What a member holds, as far as its log is taken in.
struct Holdings {
    let member: GroupMember
    let merger: Merger
    let ledger: GroupLedger

    /// Whether the member holds a row.
    func has(_ id: RowID) throws -> Bool { try comparedSequence(of: id) != nil || row(id) != nil }

    /// What the member holds of a row; `nil` where it has none.
    func row(_ id: RowID) throws -> Row? {
        let base = try comparedSequence(of: id) ?? member.base
        var (merger, memory) = (merger, ledger)
        return try merger.held(id, by: member.actor, broughtTo: base, in: &memory)
    }

    /// Where the row stood that the member came with; `nil` where it was brought all of them since.
    private func comparedSequence(of id: RowID) throws -> UInt64? {
        member.base < member.cameAt ? try ledger.comparedSequence(of: id, in: member.actor) : nil
    }
}
