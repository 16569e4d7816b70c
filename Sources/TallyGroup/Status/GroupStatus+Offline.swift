import TallyEngine
import TallyLedger
import TallyMerge
public import TallyModel

extension GroupStatus {
    /// What a group's ledger and its members say while nothing runs it. A member that cannot be asked is shown as the ledger
    /// knows it, with the reason.
    ///
    /// - Throws: ``StoreError`` where the ledger cannot be read.
    public init(
        notRunning settings: GroupSettings,
        members: [MemberStore],
        ledgerPath: String,
        now: @escaping WallClock
    ) async throws {
        self.init(
            group: settings.name,
            members: members.map { Member(name: $0.name, label: $0.label) }
        )
        objectiveSeconds = settings.lag?.seconds
        skewSeconds = settings.skew.seconds
        guard let ledger = try GroupLedger(readingAt: ledgerPath, group: settings.name) else { return }
        defer { ledger.close() }
        let known = Dictionary(try ledger.members().map { ($0.name, $0) }) { first, _ in first }
        let answers = await Self.ask(members, known, settings, identity: try ledger.identity(), now)
        try ledger.reading {
            let (parked, clamps) = (try ledger.parkedCounts(), try ledger.lastClamps())
            for (place, member) in self.members.enumerated() {
                guard let found = known[member.name] else { continue }
                self.members[place].take(answers[member.name], found)
                self.members[place].applied = try ledger.held(by: found.actor, after: self.members[place].applied)
                self.members[place].refused = parked[found.actor] ?? 0
                if self.members[place].clockSeconds == nil, let clamp = clamps[found.actor] {
                    self.members[place].clockSeconds = (settings.skew + clamp).seconds
                }
            }
            let actors = known.mapValues(\.actor)
            note(leftOut: try ledger.leftOut(), actors, try ledger.tables())
            sequence = try ledger.head().sight.sequence
            take(try ledger.conflictCounts())
        }
        ledgerBytes = ledger.byteCount
    }

    /// Asks all members at once: one that is out of reach takes its time.
    private static func ask(
        _ members: [MemberStore],
        _ known: [String: GroupMember],
        _ settings: GroupSettings,
        identity: String,
        _ now: @escaping WallClock
    ) async -> [String: Result<MemberAnswer, any Error>] {
        await withTaskGroup(of: (String, Result<MemberAnswer, any Error>).self) { group in
            for store in members {
                guard let member = known[store.name] else { continue }
                group.addTask {
                    do {
                        let answer = try await MemberAnswer(
                            of: store,
                            member,
                            in: settings,
                            identity: identity,
                            now: now
                        )
                        return (store.name, .success(answer))
                    } catch {
                        return (store.name, .failure((error as? StoreError)?.inGroup(settings.name) ?? error))
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}

extension GroupStatus {
    mutating func take(_ conflicts: [ConflictRecord.State: Int]) {
        resolved = [.resolved, .decided, .undone].reduce(0) { $0 + (conflicts[$1] ?? 0) }
        waiting = conflicts[.waiting] ?? 0
    }
}

extension GroupStatus.Member {
    /// - Parameter known: The member as the ledger knows it.
    fileprivate mutating func take(_ answer: Result<MemberAnswer, any Error>?, _ known: GroupMember) {
        captured = known.position.map { "\($0)" }
        applied = known.base
        switch answer {
        case .success(let answer):
            applied = answer.applied
            clockSeconds = answer.clock?.seconds
            message = answer.ending.map { "joins again with the next `tally run`: \($0)" }
        case .failure(let error): message = "shown as the ledger knows it, for it cannot be asked: \(error)"
        case nil: break
        }
    }
}

extension GroupLedger {
    /// How many versions are looked at in one go.
    private static let step = 16 << 10

    /// The sequence that a member holds which was brought to `sequence`: what follows may be its own, so that there is nothing to send.
    fileprivate func held(by member: Actor, after sequence: UInt64) throws -> UInt64 {
        var held = sequence
        while let due = try due(for: member, after: held, limit: DueLimit(rows: Self.step)), due.rows.isEmpty,
            due.rest == nil
        {
            held = due.end
        }
        return held
    }
}
