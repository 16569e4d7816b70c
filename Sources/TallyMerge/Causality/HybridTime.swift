/// A moment of a hybrid logical clock: wall-clock time, and a count that tells apart what the wall clock does not.
///
/// Kulkarni, Demirbas, Madappa, Avva, Leone, *Logical Physical Clocks* (2014).
public struct HybridTime: Sendable, Hashable, Comparable {
    /// Since 1970-01-01 00:00 UTC.
    public var microseconds: Int64
    public var counter: UInt32

    public init(microseconds: Int64, counter: UInt32 = 0) {
        self.microseconds = microseconds
        self.counter = counter
    }

    public static func < (left: HybridTime, right: HybridTime) -> Bool {
        left.microseconds == right.microseconds
            ? left.counter < right.counter : left.microseconds < right.microseconds
    }

    /// The first moment after this one; the last moment of all has none and is its own.
    public var next: HybridTime {
        if counter < .max { return HybridTime(microseconds: microseconds, counter: counter + 1) }
        if microseconds < .max { return HybridTime(microseconds: microseconds + 1) }
        return self
    }
}
