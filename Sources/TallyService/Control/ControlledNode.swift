package import TallyEngine
package import TallyGroup

/// What a person can ask of a node: of one that runs, through its socket, or of its stores and ledger while none does.
///
/// Flows and tables are named as in the configuration. A call returns when what it asked for would survive a crash;
/// a flow that is running may take a moment to show it.
package protocol ControlledNode: Sendable {
    /// What each flow says about itself now, in the order of the configuration.
    func statuses() async throws(ControlError) -> [FlowStatus]

    /// What each group says about itself now.
    func groupStatuses() async throws(ControlError) -> [GroupStatus]

    /// Pauses a flow (`table` is `nil`) or one of its tables.
    func pause(flow: String, table: String?) async throws(ControlError)

    func resume(flow: String, table: String?) async throws(ControlError)

    /// Asks for a new load of one table, or of all from a new history.
    func resync(flow: String, table: String?) async throws(ControlError)

    /// Stops the flow and removes all that Tally made for it on both sides; users' data stays.
    func remove(flow: String) async throws(ControlError)

    /// Stops the group and removes all that Tally made for it in every member, and its ledger; users' data stays.
    func remove(group: String) async throws(ControlError)

    /// What a rebuild of a group's ledger would be about; changes nothing.
    func surveyLedger(ofGroup name: String) async throws(ControlError) -> RebuildDetail

    /// Keeps a group's ledger aside and makes a new one, which the next run fills from what the members hold.
    ///
    /// - Throws: ``ControlError`` with code `conflict` where the node runs: it has the ledger open.
    func rebuild(group: String) async throws(ControlError) -> RebuildDetail

    /// The dead letters of a flow or of all flows, oldest first.
    func deadLetters(flow: String?) async throws(ControlError) -> [DeadLetterSummary]

    func deadLetter(id: Int64) async throws(ControlError) -> DeadLetterDetail

    /// Offers letters to the target again. No `ids`: all of the flow; no `flow` either: all there are.
    func retry(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult

    /// Gives letters up: the target stays without their rows. Chosen as for ``retry(ids:flow:)``.
    func discard(ids: [Int64]?, flow: String?) async throws(ControlError) -> LetterResult

    /// The conflicts of a group or of all groups, oldest first.
    func conflicts(_ selection: ConflictSelection) async throws(ControlError) -> [ConflictDetail]

    /// One conflict; `group` may be `nil` where only one group has a conflict of that id.
    func conflict(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail

    /// Decides a conflict, and says what it is then.
    func resolve(
        id: Int64,
        group: String?,
        _ resolution: ConflictResolution
    ) async throws(ControlError) -> ConflictDetail

    /// Takes back what a policy decided: what lost becomes the row's.
    func undo(id: Int64, group: String?) async throws(ControlError) -> ConflictDetail

    /// All that one row has been; `group` may be `nil` where only one group has such a table.
    func history(table: String, key: String, group: String?) async throws(ControlError) -> HistoryDetail
}

extension ControlledNode {
    /// None.
    package func groupStatuses() async throws(ControlError) -> [GroupStatus] { [] }

    /// What all flows and groups say about themselves now.
    package func everything() async throws(ControlError) -> StatusList {
        StatusList(flows: try await statuses(), groups: try await groupStatuses())
    }

    /// Cannot: whoever runs the group has its ledger open.
    package func surveyLedger(ofGroup name: String) async throws(ControlError) -> RebuildDetail {
        throw ControlError(
            .conflict,
            "a node runs group \(name), and has its ledger open; stop it (`tally run` ends with Ctrl-C or SIGTERM), and say it again"
        )
    }

    package func rebuild(group: String) async throws(ControlError) -> RebuildDetail {
        try await surveyLedger(ofGroup: group)
    }
}
