import Foundation
import TallyTesting
import Testing

@Suite("Groups, simulated", .timeLimit(.minutes(15)))
struct GroupSimulationTests {
    /// Histories in all: small ones, with crashes, partitions, clocks that are off, members that come and are restored.
    private static let count = 50_000
    private static let parts = 8
    /// What failed is told step by step where `TALLY_SEED` replays it.
    private static let isTraced = ProcessInfo.processInfo.environment["TALLY_SEED"] != nil

    @Test("Members agree, nothing is lost, and every write counts as having seen what it had", arguments: 0..<parts)
    func histories(part: Int) {
        let first = SplitMix64.newSeed() &+ UInt64(part) << 40
        for number in 0..<Self.count / Self.parts {
            var simulation = GroupSimulation(seed: first &+ UInt64(number), shape: .init(isTraced: Self.isTraced))
            if let problem = simulation.run() {
                Issue.record("\(problem)")
                return
            }
        }
    }

    @Test("Members that hold a value once at most agree who holds it, and nothing is lost", arguments: 0..<2)
    func uniqueValues(part: Int) {
        let first = SplitMix64.newSeed() &+ UInt64(part) << 40
        for number in 0..<5000 {
            var simulation = GroupSimulation(
                seed: first &+ UInt64(number),
                shape: .init(isUnique: true, isTraced: Self.isTraced)
            )
            if let problem = simulation.run() {
                Issue.record("\(problem)")
                return
            }
        }
    }

    /// How many histories it takes at most to notice that a rule is broken.
    @Test(
        "A broken rule is noticed",
        arguments: [(GroupSimulation.Flaw.base, 20), (.tieBreak, 500), (.tombstone, 100)]
    )
    func flaws(flaw: GroupSimulation.Flaw, limit: Int) {
        let first = SplitMix64.newSeed()
        let isNoticed = (0..<limit).contains { number in
            var simulation = GroupSimulation(seed: first &+ UInt64(number), shape: .init(flaw: flaw))
            return simulation.run() != nil
        }
        #expect(isNoticed, "\(limit) histories from seed \(first) on went by")
    }
}
