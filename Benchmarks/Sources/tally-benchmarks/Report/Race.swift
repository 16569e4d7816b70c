/// Tally and its peer over the same work, run after run. Only the ratio within one run means something: the same disk
/// can be thirty times slower an hour later.
struct Race {
    /// Rows or changes of one run.
    let count: Int
    private var tally: [Double] = []
    private var peer: [Double] = []

    init(count: Int) {
        self.count = count
    }

    mutating func add(tally: Double, peer: Double) {
        self.tally.append(tally)
        self.peer.append(peer)
    }

    var ratios: Spread { Spread(zip(tally, peer).map { $1 / $0 }) }
    var tallyRates: Spread { Spread(tally.map { Double(count) / $0 }) }
    var peerRates: Spread { Spread(peer.map { Double(count) / $0 }) }

    /// The last run in words.
    var last: String {
        guard let tally = tally.last, let peer = peer.last else { return "nothing yet" }
        return "\(Figures.rate(Double(count) / tally)), the peer \(Figures.rate(Double(count) / peer)), "
            + "ratio \(Figures.plain(peer / tally))"
    }
}
