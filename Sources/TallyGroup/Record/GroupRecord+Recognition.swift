import TallyLedger
import TallyMerge
import TallyModel

/// What a member says of the ledger when it is opened.
struct Recognition: Sendable {
    /// The sequence that it holds.
    var applied: UInt64
    /// What is to be the member's checkpoint before anything else; `nil` where that stays.
    var claim: Checkpoint?
    /// Why the member is compared with the group, where this ledger does not have what it was brought to.
    var reason: String?
}

/// Finding out whether the ledger is the one that brought a member to where it is.
///
/// It is not where it was put back from an older copy, or where two copies of it both ran. Then no sequence means the same to
/// both, nothing that the ledger calls the member's own can be trusted to be, and the member's rows are what counts.
extension GroupRecord {
    /// Holds a member's checkpoint against the ledger. Where the two do not belong together, the member goes on as another author
    /// from the last sequence on that both know, and is to be compared. Doing it twice is doing it once.
    func recognise(_ name: String, by checkpoint: Checkpoint?) throws -> Recognition {
        guard let checkpoint else { return Recognition(applied: 0) }
        let ledger = try opened()
        let place = LedgerPlace(checkpoint.position)
        let isOurs = checkpoint.sourceID == identity
        if isOurs, try ledger.holds(place) { return Recognition(applied: place.sequence) }
        var member = try member(name)
        var reason: String?
        if member.store != nil {
            // Of a ledger with another name nothing is known. Of this one, that the member has had all that both know.
            var shared = isOurs ? try ledger.parting(from: place) ?? member.base : 0
            // Who is compared from there must be able to be told what there was.
            if try !ledger.has(shared) { shared = 0 }
            try ledger.writing {
                member = try renumber(member)
                member.base = shared
                member.stage = .ahead
                member.position = nil
                member.cameAt = 0
                member.claim = String(UInt64.random(in: .min ... .max), radix: 36)
                try ledger.save(member)
            }
            adopt(member)
            try updateStable()
            reason =
                isOurs ? older(than: place, shared) : "it was brought to where it is by another ledger than this one"
        }
        return Recognition(applied: member.base, claim: try claim(of: member), reason: reason)
    }

    private func older(than place: LedgerPlace, _ shared: UInt64) -> String {
        "the ledger was put back from an older copy, or two copies of it were used: the member holds \(place.sequence), which this "
            + "ledger (at \(head.sequence)) does not have; both know what was up to \(shared)"
    }

    /// What the member is to say from now on: also to an older copy of this ledger, which must not take it for its own.
    private func claim(of member: GroupMember) throws -> Checkpoint {
        var place = try opened().place(at: member.base)
        place.claim = member.claim ?? ""
        return Checkpoint(sourceID: identity, position: place.position)
    }

    /// The sequence that a transaction of the group's own in a member's log brought it to.
    ///
    /// - Throws: ``MemberReader/ComparesAgain`` where that is not in this ledger.
    func recognised(_ place: Position) throws -> UInt64 {
        let place = LedgerPlace(place)
        guard try opened().holds(place) else {
            throw MemberLog.ComparesAgain(
                reason: "its log tells of sequence \(place.sequence) of another copy of the ledger"
            )
        }
        return place.sequence
    }
}
