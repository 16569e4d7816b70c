package import TallyModel

/// The lags of the last minute, for the worst of them.
package struct LagWindow: Sendable {
    private static let width = Duration.seconds(60)
    private static let most = 4096

    private var lags: [(at: Timestamp, lag: Double)] = []

    package init() {}

    /// - Parameter lag: In seconds.
    package mutating func add(_ lag: Double, at now: Timestamp) {
        lags.append((now, lag))
        // A bound on memory, not on truth: the worst of a minute is kept by folding neighbours.
        if lags.count > Self.most { lags = Self.thinned(lags) }
    }

    /// In seconds; `nil` where there was none.
    package mutating func worst(at now: Timestamp) -> Double? {
        lags.removeAll { now.since($0.at) > Self.width }
        return lags.map(\.lag).max()
    }

    private static func thinned(_ lags: [(at: Timestamp, lag: Double)]) -> [(at: Timestamp, lag: Double)] {
        stride(from: 0, to: lags.count, by: 2).map { index in
            let pair = lags[index..<min(index + 2, lags.count)]
            return (pair.last!.at, pair.map(\.lag).max()!)
        }
    }
}
