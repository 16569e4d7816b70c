import TallyLedger
import TallyMerge
import TallyModel

/// Takes in steps of one member's log, within one transaction of the ledger.
struct StepTaking {
    private let ledger: GroupLedger
    private let path: String
    private let now: WallClock
    private var keys: MemberKeys
    /// Whether tables were made for the member whose rows it lacks.
    private let lacksRows: Bool
    /// The member, as far as its log is taken in.
    private(set) var member: GroupMember
    /// Whether the member refuses rows.
    private(set) var refuses: Bool
    /// All rows that some member refuses, where that may have changed.
    private(set) var refused: Set<RowID>?

    /// - Parameter path: The ledger's.
    init(
        from member: GroupMember,
        refuses: Bool,
        into ledger: GroupLedger,
        at path: String,
        now: @escaping WallClock
    ) throws {
        self.member = member
        self.refuses = refuses
        self.ledger = ledger
        self.path = path
        self.now = now
        keys = try MemberKeys(ledger, of: member.actor)
        lacksRows = try ledger.hasMade(for: member.actor)
    }

    /// - Parameter recognised: The sequence at a place of this ledger that the member names.
    mutating func take(
        _ step: IntakeStep,
        _ merger: inout Merger,
        _ recognised: (Position) throws -> UInt64
    ) throws {
        if step.isLarge { try takeLarge(step, &merger) } else { try takeSmall(step, &merger) }
        if let place = step.applied { try advance(to: try recognised(place)) }
        if let position = step.position { member.position = position }
    }

    /// Takes note of how far the member was brought.
    private mutating func advance(to applied: UInt64) throws {
        member.base = applied
        if lacksRows { try ledger.forgetMade(for: member.actor, broughtTo: applied) }
        if member.cameAt > 0, applied >= member.cameAt {
            member.cameAt = 0
            try ledger.forgetCompared(member.actor)
        }
        if refuses {
            try ledger.forgetTaken(member.actor, broughtTo: applied)
            refused = try ledger.parkedRows()
            refuses = try ledger.hasParked(member.actor)
        }
    }

    private func transaction(_ step: IntakeStep, _ changes: [RowChange]) -> CapturedTransaction {
        step.transaction(changes, author: member.actor, base: member.base, received: now())
    }

    private func holdings(_ merger: Merger) -> Holdings { Holdings(member: member, merger: merger, ledger: ledger) }

    private mutating func takeSmall(_ step: IntakeStep, _ merger: inout Merger) throws {
        let changes = try keys.admit(step.changes, isHeld: holdings(merger).has)
        guard !changes.isEmpty else { return }
        var transaction = transaction(step, changes)
        transaction.returning = step.changes.rounded
        try note(changes.flatMap(\.rows), in: &transaction)
        var memory = ledger
        _ = try merger.take(transaction, into: &memory)
    }

    /// Takes in a transaction that need not fit into memory: first what it makes of each row is found, in a file, and then each
    /// row is taken in once.
    private mutating func takeLarge(_ step: IntakeStep, _ merger: inout Merger) throws {
        let net = try TransactionNet(besideLedgerAt: path)
        defer { net.close() }
        let holdings = holdings(merger)
        let spooled = try step.spooled?.reader()
        while true {
            try Task.checkCancellation()
            let some = try spooled?.next() ?? []
            let changes = some.isEmpty ? step.changes : some
            let admitted = try keys.admit(changes) { try net.holds($0) ?? holdings.has($0) }
            for change in admitted { try net.add(change, rows: ledger, before: holdings.row) }
            for id in changes.rounded { try net.addReturning(id) }
            if some.isEmpty { break }
        }
        var memory = ledger
        var open = try merger.begin(transaction(step, []), &memory)
        var place: Int64 = 0
        while case let part = try net.rows(after: &place), !part.nets.isEmpty {
            try Task.checkCancellation()
            open.transaction.returning = part.returning
            (open.transaction.compared, open.transaction.guessed) = ([:], [])
            try note(part.nets.map(\.id), in: &open.transaction)
            try merger.take(part.nets, of: &open, into: &memory)
        }
        _ = try merger.end(open, &memory)
    }

    /// Notes which rows the member came with as the group had them, and which it holds otherwise than it was sent them.
    private func note(_ rows: [RowID], in transaction: inout CapturedTransaction) throws {
        let hasCome = member.base >= member.cameAt
        if hasCome, !refuses { return }
        for id in rows {
            if !hasCome, let sequence = try ledger.comparedSequence(of: id, in: member.actor) {
                transaction.compared[id] = sequence
                if sequence == 0 { transaction.guessed.insert(id) }
            }
            if refuses, let base = try ledger.parkedBase(of: id, in: member.actor, broughtTo: member.base) {
                transaction.compared[id] = base
            }
        }
    }
}
