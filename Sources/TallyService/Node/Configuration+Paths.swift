extension Configuration {
    /// Where the node keeps its ledger.
    var ledgerPath: String { state + "/ledger.db" }

    /// Where the node keeps the ledger of a group.
    func ledgerPath(ofGroup name: String) -> String { state + "/groups/\(name).db" }
}
