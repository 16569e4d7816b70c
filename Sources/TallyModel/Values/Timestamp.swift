/// A moment of the wall clock, in microseconds since 1970-01-01 00:00 UTC.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// How long after `earlier` this moment is; negative when it is before.
    public func since(_ earlier: Timestamp) -> Duration {
        .microseconds(microseconds - earlier.microseconds)
    }
}

/// Reads the wall clock. Passed in, so that whoever decides can be tested and simulated.
public typealias WallClock = @Sendable () -> Timestamp
