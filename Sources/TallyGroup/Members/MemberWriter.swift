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

    /// About how many versions a batch has.
    static let batch = 16 << 10
    /// How many rows a slice has.
    private static let slice = 2048
    /// How long a member that gets nothing waits for a signature: what others may forget depends on it.
    private static let quiet = Duration.seconds(1)
    /// How often a member is settled at most.
    private static let pace = Duration.milliseconds(250)

    private let ledger: GroupLedger
    private let record: GroupRecord
    private let name: String
    private let actor: Actor
    private let outlet: Outlet
    private let target: any TargetSession
    private let source: String
    private let meter: GroupMeter
    private let now: WallClock
    private let observer: MilestoneObserver?
    private(set) var applied: UInt64
    private var signed: ContinuousClock.Instant = .now
    /// When refused rows were last tried again.
    private var tried: ContinuousClock.Instant = .now
    /// Whether the member's disk has all that was written to it.
    private var isDurable = true
    private var settled: ContinuousClock.Instant = .now

    /// - Parameters:
    ///   - record: Told what the member refuses.
    ///   - path: The ledger's.
    ///   - identity: The ledger's, as members' checkpoints name it.
    ///   - applied: The sequence that the member holds.
    init(
        record: GroupRecord,
        path: String,
        group: String,
        identity: String,
        member: GroupMember,
        outlet: Outlet,
        target: any TargetSession,
        applied: UInt64,
        meter: GroupMeter,
        now: @escaping WallClock,
        observer: MilestoneObserver?
    ) throws {
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
        self.meter = meter
        self.now = now
    }

    /// Writes one batch, if there is one.
    ///
    /// - Returns: Whether there was.
    func writeSome() async throws -> Bool {
        if ContinuousClock.now - settled >= Self.pace { try await settle() }
        let ledger = ledger
        let due = try ledger.reading { try ledger.due(for: actor, after: applied, limit: Self.batch) }
        let parked = try parkedIfDue(as: due?.end ?? applied, ledger)
        guard let end = due?.end ?? (parked.isEmpty ? nil : applied) else { return false }
        let rows = due?.rows ?? []
        if rows.isEmpty, parked.isEmpty, ContinuousClock.now - signed < Self.quiet {
            // The member wrote all of it. What it has seen is told with the next batch, or by and by.
            applied = end
            return true
        }
        let place = try ledger.reading { try ledger.place(at: end) }
        try await target.sign(place.signature)
        do {
            try await write(rows, parked, end)
            observer?(.batchApplied)
            try await target.commit(Checkpoint(sourceID: source, position: place.position), notes: [])
            observer?(.batchCommitted)
        } catch {
            await target.rollback()
            throw error
        }
        applied = end
        signed = .now
        isDurable = false
        meter.applied(rows.count, to: end, of: name, committed: due?.committed, now: now())
        return due != nil
    }

    /// Writes rows, and tries those again that the member refused before.
    private func write(_ rows: [DueRow], _ parked: [DueRow], _ end: UInt64) async throws {
        var refused = try await apply(rows)
        let again = parked.filter { row in !rows.contains { $0.id == row.id } }
        refused += try await apply(again)
        // Those that were parked and came again with the batch are taken as well, unless they are refused once more.
        let ledger = ledger
        let known = Set(try ledger.reading { try ledger.parked(by: actor).map(\.id) })
        guard !refused.isEmpty || !known.isEmpty else { return }
        let taken = (again + rows).map(\.id).filter { id in known.contains(id) && !refused.contains { $0.id == id } }
        guard !refused.isEmpty || !taken.isEmpty else { return }
        try await record.notePark(refused, taken: taken, by: name, end: end)
    }

    private func apply(_ rows: [DueRow]) async throws -> [ParkedRow] {
        var refused: [ParkedRow] = []
        for start in stride(from: 0, to: rows.count, by: Self.slice) {
            let some = rows[start..<min(start + Self.slice, rows.count)]
            let outcome = try await target.apply(try outlet.slice(some), replaying: [])
            refused += outcome.rejections.map { rejection in
                ParkedRow(id: some[start + rejection.index].id, base: applied, reason: rejection.reason)
            }
        }
        return refused
    }

    /// The rows that the member refused, as of a sequence, when it is time to try them again.
    private func parkedIfDue(as end: UInt64, _ ledger: GroupLedger) throws -> [DueRow] {
        guard ContinuousClock.now - tried >= Self.quiet else { return [] }
        tried = .now
        return try ledger.reading {
            try ledger.parked(by: actor).compactMap { row in
                try ledger.version(of: row.id, upTo: end).map { DueRow(id: row.id, state: $0.state, isNew: false) }
            }
        }
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
