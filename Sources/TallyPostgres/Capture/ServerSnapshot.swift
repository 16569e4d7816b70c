/// Which transactions had ended when the server was looked at, as `txid_current_snapshot()` writes it:
/// `xmin:xmax:in-progress,…` (https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT).
struct ServerSnapshot: Sendable, Hashable, CustomStringConvertible {
    /// Every transaction below has ended.
    let xmin: UInt64
    /// No transaction from here on has.
    let xmax: UInt64
    /// Those between the two that have not.
    let inProgress: [UInt64]

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = UInt64(parts[0]), let xmax = UInt64(parts[1]), xmin <= xmax else {
            return nil
        }
        let list = parts[2].split(separator: ",").map { UInt64($0) }
        guard list.allSatisfy({ $0 != nil }) else { return nil }
        self.xmin = xmin
        self.xmax = xmax
        inProgress = list.compactMap { $0 }
    }

    /// Whether what the transaction did, if it committed, can be seen.
    func contains(_ transaction: UInt64) -> Bool {
        transaction < xmin || transaction < xmax && !inProgress.contains(transaction)
    }

    var description: String { "\(xmin):\(xmax):\(inProgress.map(String.init).joined(separator: ","))" }
}
