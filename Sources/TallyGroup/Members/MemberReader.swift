import TallyLedger
import TallyModel

/// Takes in one member's log, slice after slice.
struct MemberReader {
    private let name: String
    private let log: MemberLog
    private let record: GroupRecord
    private let source: any SourceSession
    private let observer: MilestoneObserver?

    /// - Parameter ledger: The path of the group's.
    init(
        _ member: GroupMember,
        _ tables: [GroupTable],
        from source: any SourceSession,
        into record: GroupRecord,
        ledger: String,
        observer: MilestoneObserver?
    ) {
        self.observer = observer
        name = member.name
        self.record = record
        self.source = source
        log = MemberLog(member, tables, from: source, ledger: ledger)
    }

    /// Reads until cancelled, or until something fails.
    ///
    /// - Parameters:
    ///   - notice: Told what the source has to say although it goes on; `nil` when that is over.
    ///   - progress: Told how far the log is taken in, durably, and when the latest of what somebody wrote was committed, by
    ///     the member's clock.
    func run(
        notice: @escaping @Sendable (String?) -> Void,
        _ progress: @Sendable (Position, Timestamp?) -> Void
    ) async throws {
        do {
            var steps = try await log.next(notice: notice)
            while true {
                async let following = log.next(notice: notice)
                try await take(steps, progress)
                steps = try await following
            }
        } catch {
            await log.discard()
            throw error
        }
    }

    private func take(_ steps: [IntakeStep], _ progress: @Sendable (Position, Timestamp?) -> Void) async throws {
        defer { for step in steps { step.spooled?.remove() } }
        guard let last = steps.last(where: { $0.position != nil })?.position else { return }
        try await record.take(steps, from: name)
        observer?(.entriesKept)
        try await source.acknowledge(last)
        progress(last, steps.compactMap(\.latest).max())
    }
}
