/// One line of the results.
struct Finding {
    enum Aim {
        case atLeast(Double)
        case below(Double)
    }

    let title: String
    let peer: String
    /// Tally's rate and the peer's; empty where there is no peer.
    let rates: (tally: String, peer: String)
    let result: Spread
    let unit: String
    let aim: Aim?

    /// A ratio of Tally's rate to a peer's.
    init(_ title: String, against peer: String, race: Race, aim: Double) {
        self.title = title
        self.peer = peer
        rates = (Figures.rate(race.tallyRates.median), Figures.rate(race.peerRates.median))
        result = race.ratios
        unit = "of the peer's rate"
        self.aim = .atLeast(aim)
    }

    /// A figure that stands alone.
    init(_ title: String, values: Spread, unit: String, aim: Aim?) {
        self.title = title
        peer = "–"
        rates = ("–", "–")
        result = values
        self.unit = unit
        self.aim = aim
    }

    var aimText: String {
        switch aim {
        case .atLeast(let least): "≥ \(Figures.plain(least))\(unit == "times" ? " times" : "")"
        case .below(let most): "< \(Figures.plain(most)) \(unit)"
        case nil: "–"
        }
    }

    var verdict: String {
        switch aim {
        case .atLeast(let least): result.median >= least ? "met" : "**missed**"
        case .below(let most): result.median < most ? "met" : "**missed**"
        case nil: "–"
        }
    }

    var resultText: String {
        let range = result.least == result.most ? "" : " (\(Figures.plain(result.least))–\(Figures.plain(result.most)))"
        return "**\(Figures.plain(result.median))**\(range) \(unit)"
    }
}
