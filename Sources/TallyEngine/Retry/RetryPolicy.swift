/// How long to wait before the next attempt: exponential backoff with full jitter.
///
/// Each wait is drawn evenly from zero to a bound that doubles with every failure, so that many flows that lost one
/// store do not come back at once (Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015).
package struct RetryPolicy: Sendable {
    package let settings: RetrySettings
    /// Failures since the last success.
    package private(set) var attempts = 0

    package init(settings: RetrySettings) {
        self.settings = settings
    }

    /// Records a failure.
    ///
    /// - Parameter draw: An even draw from 0 up to 1.
    /// - Returns: How long to wait.
    package mutating func failed(draw: Double) -> Duration {
        // Past 2^20 times the first wait the bound is always `most`, and the shift cannot overflow.
        let bound = min(settings.most, settings.first * (1 << min(attempts, 20)))
        attempts += 1
        return bound * draw
    }

    package mutating func succeeded() {
        attempts = 0
    }
}
