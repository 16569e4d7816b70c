import TallyLedger
import TallyMerge
import TallyModel

/// Puts the slices of a member's stream together into the transactions they are of.
struct Intake {
    private let member: GroupMember
    private let tables: [GroupTable]
    /// The ledger beside which large transactions are spooled.
    private let ledger: String
    private let limit: ByteCount
    private var bridges: [TableName: (version: Int, bridge: TableBridge?)] = [:]
    /// Of the transaction whose end has not come yet.
    private var changes: [MemberChange] = []
    private var byteCount = 0
    /// What came before ``changes``, where that was much.
    private var spool: ChangeSpool?
    private var spools = 0

    /// - Parameter limit: How much of a transaction is held in memory.
    init(_ member: GroupMember, tables: [GroupTable], ledger: String, limit: ByteCount = .mebibytes(4)) {
        self.member = member
        self.tables = tables
        self.ledger = ledger
        self.limit = limit
    }

    mutating func steps(of slice: Slice) throws -> [IntakeStep] {
        var steps: [IntakeStep] = []
        let bridges = try slice.tables.map { try bridge(for: $0) }
        var next = 0
        for boundary in slice.boundaries {
            try read(slice, from: &next, to: boundary.count, bridges)
            steps.append(
                IntakeStep(
                    spooled: try spool?.finished(),
                    changes: changes,
                    committed: boundary.commit.time ?? Timestamp(microseconds: 0),
                    applied: boundary.applied,
                    position: boundary.commit.position
                )
            )
            (changes, byteCount, spool) = ([], 0, nil)
        }
        try read(slice, from: &next, to: slice.changes.count, bridges)
        if changes.isEmpty, spool == nil, let end = slice.end { steps.append(IntakeStep(position: end.position)) }
        return steps
    }

    private mutating func read(_ slice: Slice, from next: inout Int, to end: Int, _ bridges: [TableBridge?]) throws {
        while next < end {
            let change = slice.changes[next]
            let time = next < slice.times.count ? slice.times[next] : nil
            next += 1
            guard let bridge = bridges[change.table] else { continue }
            changes.append(bridge.change(change, time: time))
            byteCount += 128 + change.byteCount
            if byteCount >= limit.bytes { try spoolChanges() }
        }
    }

    /// Removes what was spooled and is not taken in any more.
    mutating func discard() {
        spool = nil
        RowSpool.removeAll(named: names, besideLedgerAt: ledger)
    }

    /// What the names of the member's spools begin with.
    private var names: String { "changes-\(member.actor.number)-" }

    private mutating func spoolChanges() throws {
        if spool == nil {
            spools += 1
            spool = try ChangeSpool(named: "\(names)\(spools)", besideLedgerAt: ledger)
        }
        try spool?.append(changes)
        (changes, byteCount) = ([], 0)
    }

    mutating func bridge(for schema: TableSchema) throws -> TableBridge? {
        if let known = bridges[schema.name], known.version == schema.version { return known.bridge }
        let table = tables.first { $0.schema.name == schema.name }
        let bridge = try table.map { try TableBridge($0, member: schema, named: member.name) }
        bridges[schema.name] = (schema.version, bridge)
        return bridge
    }
}
