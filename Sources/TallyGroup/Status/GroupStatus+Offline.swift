import TallyLedger
import TallyMerge
import TallyModel

extension GroupStatus {
    /// What a group's ledger says while nothing runs it.
    public init(notRunning settings: GroupSettings, members: [MemberStore], ledgerPath: String) throws {
        self.init(
            group: settings.name,
            members: members.map { Member(name: $0.name, label: $0.label) }
        )
        objectiveSeconds = settings.lag.map { $0 / .seconds(1) }
        guard let ledger = try GroupLedger(readingAt: ledgerPath, group: settings.name) else { return }
        defer { ledger.close() }
        try ledger.reading {
            let known = try ledger.members()
            for (place, member) in self.members.enumerated() {
                guard let found = known.first(where: { $0.name == member.name }) else { continue }
                self.members[place].captured = found.position.map { "\($0)" }
                self.members[place].applied = found.base
            }
            let actors = Dictionary(uniqueKeysWithValues: known.map { ($0.name, $0.actor) })
            note(leftOut: try ledger.leftOut(), actors, try ledger.tables())
            sequence = try ledger.head().sight.sequence
            let counts = try ledger.conflictCounts()
            resolved = counts.filter { $0.key != .waiting }.values.reduce(0, +)
            waiting = counts[.waiting] ?? 0
        }
        ledgerBytes = ledger.byteCount
    }
}
