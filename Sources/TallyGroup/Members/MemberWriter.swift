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
    private let name: String
    private let actor: Actor
    private let outlet: Outlet
    private let target: any TargetSession
    private let source: String
    private let meter: GroupMeter
    private let now: WallClock
    private(set) var applied: UInt64
    private var signed: ContinuousClock.Instant = .now
    /// Whether the member's disk has all that was written to it.
    private var isDurable = true
    private var settled: ContinuousClock.Instant = .now

    /// - Parameters:
    ///   - path: The ledger's.
    ///   - identity: The ledger's, as members' checkpoints name it.
    ///   - applied: The sequence that the member holds.
    init(
        path: String,
        group: String,
        identity: String,
        member: GroupMember,
        outlet: Outlet,
        target: any TargetSession,
        applied: UInt64,
        meter: GroupMeter,
        now: @escaping WallClock
    ) throws {
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
        guard let due = try ledger.reading({ try ledger.due(for: actor, after: applied, limit: Self.batch) }) else {
            return false
        }
        if due.rows.isEmpty, ContinuousClock.now - signed < Self.quiet {
            // The member wrote all of it. What it has seen is told with the next batch, or by and by.
            applied = due.end
            return true
        }
        try await target.sign(due.end)
        var refused = 0
        do {
            for start in stride(from: 0, to: due.rows.count, by: Self.slice) {
                let rows = due.rows[start..<min(start + Self.slice, due.rows.count)]
                let outcome = try await target.apply(try outlet.slice(rows), replaying: [])
                refused += outcome.rejections.count
            }
            let position = Position(order: due.end)
            try await target.commit(Checkpoint(sourceID: source, position: position), notes: [])
        } catch {
            await target.rollback()
            throw error
        }
        applied = due.end
        signed = .now
        isDurable = false
        meter.applied(due.rows.count, refused: refused, to: due.end, of: name, committed: due.committed, now: now())
        return true
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
