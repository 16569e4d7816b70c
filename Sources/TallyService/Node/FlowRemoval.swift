import TallyLedger
import TallyModel

/// Takes all that Tally made for a flow out of both its stores and the ledger; the user's data stays.
struct FlowRemoval {
    let stores: FlowStores
    let ledger: any FlowLedger

    /// Goes from the source to the ledger, so that doing it again finishes what was cut short.
    func run(flow: String) async throws {
        try await stores.source.0.remove(flow: flow)
        try await stores.target.0.remove(flow: flow)
        try await ledger.remove(flow: flow)
    }
}
