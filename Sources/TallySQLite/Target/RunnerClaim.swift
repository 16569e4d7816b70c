import TallyModel

/// Who has a flow, as its checkpoint row names it.
struct RunnerClaim: Sendable, Hashable {
    var holder: Runner
    var since: String

    /// Whether `runner` may have the flow.
    ///
    /// - Parameter isAlive: Asked of a holder on the same host.
    /// - Throws: ``StoreError`` with code `held`.
    func yield(
        flow: String,
        to runner: Runner,
        takeOver: Bool,
        path: String,
        isAlive: (Runner) -> Bool = \.isAlive
    ) throws {
        if holder.id == runner.id || takeOver { return }
        let who = "process \(holder.processID) on \(holder.host), since \(since)"
        if holder.host == runner.host {
            guard isAlive(holder) else { return }
            throw StoreError(.held, "\(path): \(flow) is run by \(who); stop that process, or leave it to it")
        }
        throw StoreError(
            .held,
            "\(path): \(flow) was last run by \(who), and from here it cannot be seen whether it still does; "
                + "stop it there, or make sure that it is gone and start with `tally run --take-over`"
        )
    }
}
