import TallyGroup
package import TallyLedger
import TallyModel

/// What `tally rebuild` finds and does.
package struct RebuildDetail: Sendable, Hashable {
    package var group: String
    package var seed: String
    package var ledger: String
    /// What is known of the ledger as it was found.
    package var found: LedgerSurvey
    /// Where that is kept now; `nil` where nothing was done, or nothing was there.
    package var aside: String?
}

/// Gives a group a new ledger, to be filled from what its members hold; the old one is kept aside.
struct GroupRebuild {
    let settings: GroupSettings
    let ledgerPath: String

    /// Says what there is, and changes nothing.
    func survey() throws -> RebuildDetail {
        RebuildDetail(
            group: settings.name,
            seed: settings.seed,
            ledger: ledgerPath,
            found: try GroupLedger.survey(at: ledgerPath, group: settings.name)
        )
    }

    /// Nobody may run the group meanwhile. Cut short anywhere, the next call finishes it, and so does a run of the group.
    func run(at now: Timestamp) throws -> RebuildDetail {
        var detail = try survey()
        if detail.found.condition == .whole {
            try GroupLedger.requireNothingKeptOut(at: ledgerPath, group: settings.name)
        }
        detail.aside = try GroupLedger.setAside(ledgerPath, at: now)
        // With a name of its own, by which members tell that it is not the one that they were brought to where they are by.
        try GroupLedger(path: ledgerPath, group: settings.name).close()
        return detail
    }
}

extension GroupRebuild {
    /// - Throws: ``ControlError`` where there is no such group.
    init(of name: String, in configuration: Configuration) throws {
        guard let settings = configuration.groups.first(where: { $0.name == name }) else {
            throw ControlError.noGroup(name, in: configuration)
        }
        self.settings = settings
        ledgerPath = configuration.ledgerPath(ofGroup: name)
    }
}
