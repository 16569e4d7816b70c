import TallyGroup
import TallyLedger
import TallyModel

/// Takes all that Tally made for a group out of every member, and the group's ledger out of the state folder; the users'
/// data stays.
struct GroupRemoval {
    let members: [MemberStore]
    let ledgerPath: String

    /// Goes from the members to the ledger, so that doing it again finishes what was cut short. A member that cannot be
    /// reached keeps none of the others.
    func run(group: String) async throws {
        try GroupLedger.requireNothingKeptOut(at: ledgerPath, group: group)
        var failures: [(member: MemberStore, error: any Error)] = []
        for member in members {
            do {
                try await member.source.remove(flow: group)
                try await member.target.remove(flow: group)
            } catch {
                failures.append((member, error))
            }
        }
        guard let first = failures.first else { return try GroupLedger.remove(at: ledgerPath) }
        let names = failures.map(\.member.name).joined(separator: ", ")
        let error = first.error as? StoreError
        throw StoreError(
            error?.code ?? .unknown,
            "group \(group) is not removed from \(names): \(error?.inGroup(group) ?? first.error); say it again once that is mended, or take what "
                + "is gone for good out of the group's `members` first",
            cause: first.error
        )
    }
}

extension GroupRemoval {
    /// - Throws: ``NodeFailure`` where a store can be no member.
    init(of name: String, in configuration: Configuration) throws {
        guard let settings = configuration.groups.first(where: { $0.name == name }) else {
            throw ControlError.noGroup(name, in: configuration)
        }
        members = try settings.stores(in: configuration)
        ledgerPath = configuration.ledgerPath(ofGroup: name)
    }
}
