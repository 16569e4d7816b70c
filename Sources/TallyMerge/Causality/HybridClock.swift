public import TallyModel

/// Gives writes their times. It reads no clock: every time comes in.
public enum HybridClock {
    /// The time of a write: when it was committed, but never too far in the future, and after all its author had seen.
    ///
    /// A clock that runs ahead by more than `skew` is clamped, so that it cannot win every conflict from then on.
    /// A write is always later than those its author had seen, whatever the clocks said, so that the order of times
    /// extends the order of causes.
    ///
    /// - Parameters:
    ///   - committed: When the author's store says the transaction was committed.
    ///   - seen: The greatest time of the writes that the author had seen; nil when there are none.
    ///   - received: When the transaction was read, by the reader's own clock.
    ///   - skew: How far ahead of the reader a store's clock may be.
    /// - Returns: The time, and by how much the commit time was clamped; nil when it was not.
    public static func stamp(
        committed: Timestamp,
        seen: HybridTime?,
        received: Timestamp,
        skew: Duration
    ) -> (time: HybridTime, clamped: Duration?) {
        let limit = received.microseconds.addingSaturated(skew.wholeMicroseconds)
        let isAhead = committed.microseconds > limit
        var time = HybridTime(microseconds: min(committed.microseconds, limit))
        if let seen, seen >= time { time = seen.next }
        let excess = committed.microseconds.addingSaturated(limit == .min ? .max : -limit)
        return (time, isAhead ? .microseconds(excess) : nil)
    }
}

extension Duration {
    /// Rounded down; as many as fit.
    fileprivate var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        return product.addingSaturated(attoseconds / 1_000_000_000_000)
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
