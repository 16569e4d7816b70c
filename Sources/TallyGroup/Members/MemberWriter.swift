import TallyLedger
import TallyMerge
import TallyModel
import Threading

/// Brings one member to what the ledger holds, batch after batch, each in one signed transaction of the member.
///
/// Reads the ledger on a connection and a thread of its own, beside whoever writes it.
actor MemberWriter {
    private let thread = DatabaseThread(name: "tally-member")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// How much of the ledger is read at once; a batch is as much, or one entry.
    private static let limit = DueLimit(rows: 8 << 10)
    /// How much of an entry that is larger is read at once.
    private static let part = DueLimit(rows: 4 << 10, bytes: 4 << 20)
    /// How long a member that gets nothing waits for a signature: what others may forget depends on it.
    private static let quiet = Duration.seconds(1)
    /// So many rows that a member refuses are tried again with every batch; more of them every second at most.
    private static let few = 64
    /// After how long rows that a member refuses are tried again although nothing else happens.
    private static let patience = Duration.seconds(30)
    /// How often a member is settled at most.
    private static let pace = Duration.milliseconds(250)

    private let ledger: GroupLedger
    private let record: GroupRecord
    private let name: String
    private let actor: Actor
    private let outlet: Outlet
    private let target: any TargetSession
    private let source: String
    /// Returns once the ledger has taken in all that the member had committed when it was called.
    private let hear: @Sendable () async throws -> Void
    private let meter: GroupMeter
    private let observer: MilestoneObserver?
    private(set) var applied: UInt64
    private var signed: ContinuousClock.Instant = .now
    /// The sequence that the member was last signed with, and when.
    private var signature: UInt64
    /// When refused rows were last tried again; `nil` where they have not been yet.
    private var tried: ContinuousClock.Instant?
    /// Whether the member's disk has all that was written to it.
    private var isDurable = true
    private var settled: ContinuousClock.Instant = .now

    /// - Parameters:
    ///   - record: Told what the member refuses.
    ///   - path: The ledger's.
    ///   - identity: The ledger's, as members' checkpoints name it.
    ///   - applied: The sequence that the member holds.
    ///   - hear: Returns once the ledger has taken in all that the member had committed when it was called.
    init(
        record: GroupRecord,
        path: String,
        group: String,
        identity: String,
        member: GroupMember,
        outlet: Outlet,
        target: any TargetSession,
        applied: UInt64,
        hear: @escaping @Sendable () async throws -> Void,
        meter: GroupMeter,
        observer: MilestoneObserver?
    ) throws {
        self.hear = hear
        self.observer = observer
        self.record = record
        guard let ledger = try GroupLedger(readingAt: path, group: group) else {
            throw StoreError(.unreachable, "\(path): the group's ledger is gone")
        }
        self.ledger = ledger
        name = member.name
        actor = member.actor
        self.outlet = outlet
        self.target = target
        source = identity
        self.applied = applied
        signature = applied
        self.meter = meter
    }

    /// Writes one batch, if there is one.
    ///
    /// - Returns: Whether there was.
    func writeSome() async throws -> Bool {
        if ContinuousClock.now - settled >= Self.pace { try await settle() }
        let ledger = ledger
        let due = try ledger.reading { try ledger.due(for: actor, after: applied, limit: Self.limit) }
        guard let end = due?.end ?? (applied > signature ? applied : nil) else {
            try await remind()
            return false
        }
        let parked = try parkedIfDue(as: end, ledger)
        let isQuiet = ContinuousClock.now - signed >= Self.quiet
        if due == nil, parked.isEmpty, !isQuiet { return false }
        let rows = due?.rows ?? []
        if rows.isEmpty, parked.isEmpty, !isQuiet {
            // The member wrote all of it. What it has seen is told with the next batch, or by and by.
            applied = end
            meter.update(name) { $0.applied = end }
            return true
        }
        let count = try await write(MemberBatch(rows: rows, rest: due?.rest, parked: parked, end: end))
        applied = end
        signature = end
        signed = .now
        isDurable = false
        meter.applied(count, to: end, of: name, committed: due?.committed)
        return due != nil
    }

    /// What the member holds stands against a constraint together with what it is brought, and the ledger has not heard of it.
    private struct Unheard: Error {
        var breaches: Set<Breach>
    }

    /// Writes a batch in one transaction.
    ///
    /// - Returns: How many rows it had of what was due.
    private func write(_ batch: MemberBatch) async throws -> Int {
        // Rows that would not be taken together however they are written.
        var apart: Set<RowID> = []
        // What they clash with then, which does not show where they are as they were.
        var clashes: [FoundBreach] = []
        // What was found again after all was heard that the member had to say.
        var heard: Set<Breach> = []
        let ledger = ledger
        let place = try ledger.reading { try ledger.place(at: batch.end) }
        let known = Set(try ledger.reading { try ledger.parked(by: actor, broughtTo: applied).map(\.id) })
        while true {
            try await target.sign(place.signature)
            do {
                var writing = BatchWriting(outlet: outlet, target: target, apart: apart)
                let written = try await write(batch, with: &writing, known)
                let otherwise = known.subtracting(written.known).union(writing.refused.map(\.row.id))
                let breaches = writing.breaches.map { $0.reliable(where: otherwise) } + clashes
                try await tell(writing.refused, breaches, written.known, of: known, heard: heard, end: batch.end)
                observer?(.batchApplied)
                try await target.commit(Checkpoint(sourceID: source, position: place.position), notes: [])
                observer?(.batchCommitted)
                return written.count
            } catch let again as BatchWriting.NotTogether {
                await target.rollback()
                apart.formUnion(again.rows)
                clashes += again.breaches
            } catch let unheard as Unheard {
                await target.rollback()
                try await hear()
                heard.formUnion(unheard.breaches)
            } catch {
                await target.rollback()
                throw error
            }
        }
    }

    /// Writes the rows of a batch, those of a large entry in parts.
    ///
    /// - Parameter known: Rows that the member refused before.
    /// - Returns: How many rows were due, and which of the known ones were among what was written.
    private func write(
        _ batch: MemberBatch,
        with writing: inout BatchWriting,
        _ known: Set<RowID>
    ) async throws -> (count: Int, known: Set<RowID>) {
        var count = 0
        var found: Set<RowID> = []
        let isLarge = batch.rest != nil
        try await forEachPart(of: batch) { part in
            count += part.count
            if !known.isEmpty { found.formUnion(known.intersection(part.map(\.id))) }
            try await writing.write(part)
            if isLarge { writing.letGo() }
        }
        let parked = batch.parked.filter { !found.contains($0.id) }
        try await writing.write(parked)
        try await writing.end()
        if isLarge { try await forEachPart(of: batch) { try await writing.findBreaches(among: $0) } }
        return (count, found.union(parked.map(\.id)))
    }

    private func forEachPart(of batch: MemberBatch, _ body: ([DueRow]) async throws -> Void) async throws {
        try await body(batch.rows)
        var rest = batch.rest
        while let more = rest {
            let ledger = ledger
            let due = try ledger.reading { try ledger.due(more, for: actor, limit: Self.part) }
            try await body(due.rows)
            rest = due.rest
        }
    }

    /// Tells the ledger what the member refuses, what it takes at last, and which constraints that is about; before the
    /// batch is committed, so that none of it is ever forgotten.
    ///
    /// - Parameters:
    ///   - written: Of the rows that it refused before, those that were written now.
    ///   - heard: What was found before the ledger had heard all that the member had to say.
    /// - Throws: Also ``Unheard``: then nobody would look again at what the member holds.
    private func tell(
        _ refused: [BatchWriting.RefusedRow],
        _ breaches: [FoundBreach],
        _ written: Set<RowID>,
        of known: Set<RowID>,
        heard: Set<Breach>,
        end: UInt64
    ) async throws {
        let refused = refused.map { ParkedRow(id: $0.row.id, base: applied, reason: $0.reason) }
        let taken = written.subtracting(refused.map(\.id)).sorted()
        if !refused.isEmpty || !taken.isEmpty {
            try await record.notePark(refused, taken: taken, by: name, broughtTo: applied, end: end)
        }
        // What was in the way of what is refused may be out of it with what comes next.
        let breaches = breaches.map { breach in
            var breach = breach
            breach.isKnown = known.contains(breach.row)
            return breach
        }
        // The record may be at work for a while, and the member's transaction is open.
        guard !breaches.isEmpty else { return }
        let settlement = try await record.settle(breaches, by: name, at: end)
        if settlement.bringsOthers { tried = nil }
        if !settlement.unheard.isSubset(of: heard) { throw Unheard(breaches: settlement.unheard) }
    }

    /// The rows that the member refused, as of a sequence, when it is time to try them again.
    ///
    /// Only with a signature that is new: what the member wrote before and after is told apart by that.
    private func parkedIfDue(as end: UInt64, _ ledger: GroupLedger) throws -> [DueRow] {
        guard end > signature else { return [] }
        return try ledger.reading {
            let parked = try ledger.parked(by: actor, broughtTo: applied)
            if parked.count > Self.few, let tried, ContinuousClock.now - tried < Self.quiet { return [] }
            tried = .now
            return try parked.compactMap { row in
                guard let version = try ledger.version(of: row.id, upTo: end) else { return nil }
                return DueRow(row.id, version, isNew: false, spelling: try ledger.spelling(of: row.id, in: actor))
            }
        }
    }

    /// Now and then has a row tried again although nothing was written: its member may have been given other rules.
    private func remind() async throws {
        if let tried, ContinuousClock.now - tried < Self.patience { return }
        tried = .now
        let ledger = ledger
        guard try ledger.reading({ try !ledger.parked(by: actor, broughtTo: applied).isEmpty }) else { return }
        tried = nil
        try await record.remind(name, broughtTo: applied)
    }

    /// Makes durable what was written, and has the member's own sequences go on behind it.
    func settle() async throws {
        guard !isDurable else { return }
        try await target.makeDurable()
        isDurable = true
        settled = .now
    }

    func close() {
        ledger.close()
    }
}
