import TallyEngine
import TallyLedger
import TallyModel

/// What a member says of itself while nothing runs its group.
struct MemberAnswer: Sendable {
    /// The sequence that it was brought to last; 0 where it has heard of another ledger, or of none.
    var applied: UInt64 = 0
    var clock: Duration?
    /// Why its log cannot be read on from where the ledger has it.
    var ending: String?

    /// Asks a member that the group's ledger knows; changes nothing in it.
    ///
    /// - Parameters:
    ///   - member: The member as the ledger knows it.
    ///   - identity: The ledger's.
    /// - Throws: ``StoreError`` where it cannot be asked.
    init(
        of store: MemberStore,
        _ member: GroupMember,
        in settings: GroupSettings,
        identity: String,
        now: WallClock
    ) async throws {
        do {
            try await store.source.verify(CaptureRequest(for: member, in: settings, identity: identity))
        } catch let error as StoreError where error.code.endsHistory {
            ending = error.fact
        }
        if let checkpoint = try await store.target.progress(of: settings.name)?.checkpoint,
            checkpoint.sourceID == identity
        {
            applied = checkpoint.position.order
        }
        clock = try await store.target.clockOffset(from: now)
    }
}

extension CaptureRequest {
    /// What a group asks of a member's log: to go on where the ledger's part of it ends.
    init(for member: GroupMember, in settings: GroupSettings, identity: String) {
        self.init(
            consumer: Consumer(flow: settings.name, targetID: identity, targetLabel: "group \(settings.name)"),
            tables: TableSelection(settings.tables.map { "\($0.name)" }),
            group: settings.name
        )
        if let position = member.position, let id = member.store {
            checkpoint = Checkpoint(sourceID: id, position: position)
        }
    }
}

extension StoreError.Code {
    /// Whether a member's log cannot be read on from where the ledger has it.
    var endsHistory: Bool {
        [.historyLost, .historyWentBackwards, .sourceReplaced].contains(self)
    }
}
