import Synchronization

/// A ``SplitMix64`` that several tasks draw from.
package final class Dice: Sendable {
    private let generator: Mutex<SplitMix64>

    package init(_ generator: SplitMix64) {
        self.generator = Mutex(generator)
    }

    package func below(_ bound: Int) -> Int {
        generator.withLock { $0.below(bound) }
    }

    package func chance(_ percent: Int) -> Bool {
        generator.withLock { $0.chance(percent) }
    }

    package func pick<Element: Sendable>(_ elements: [Element]) -> Element? {
        generator.withLock { $0.pick(elements) }
    }

    /// An even draw from 0 up to 1.
    package func fraction() -> Double {
        generator.withLock { Double($0.next() >> 11) * 0x1p-53 }
    }

    package func fork() -> SplitMix64 {
        generator.withLock { $0.fork() }
    }
}
