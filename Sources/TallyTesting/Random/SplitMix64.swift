import Foundation

/// Numbers that look random and follow from a seed alone: one seed, one history.
///
/// Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// The seed that the environment variable `TALLY_SEED` holds, to replay a run; a new one where it says `new`; else the
    /// same one every time, so that a change is judged by what it does and not by the day's luck.
    package static func newSeed() -> UInt64 {
        switch ProcessInfo.processInfo.environment["TALLY_SEED"] {
        case nil: 1_000_003
        case "new": UInt64.random(in: 1...UInt64.max >> 1)
        case let seed?: UInt64(seed) ?? 1_000_003
        }
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// An even draw from 0 up to `bound`, which is positive.
    package mutating func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// Whether a thing happens that happens `percent` times in a hundred.
    package mutating func chance(_ percent: Int) -> Bool {
        below(100) < percent
    }

    /// One of the elements; `nil` where there is none.
    package mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }

    /// A generator of its own for a part of the work, so that its draws do not move those of the others.
    package mutating func fork() -> SplitMix64 {
        SplitMix64(seed: next())
    }
}
