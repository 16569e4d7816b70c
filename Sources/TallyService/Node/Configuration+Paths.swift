extension Configuration {
    /// Where the node keeps its ledger.
    var ledgerPath: String { state + "/ledger.db" }
}
