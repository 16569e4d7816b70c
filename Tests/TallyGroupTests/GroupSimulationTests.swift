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

    /// What members hold rows to, and whether all of them do so at all times.
    private static let constraints: [(GroupSimulation.Constraint, isMixed: Bool)] = [
        (.unique, false), (.unique, true), (.caseless, false), (.caseless, true), (.opaque, false), (.opaque, true),
        (.parent, true), (.family, false), (.family, true), (.pair, false), (.pair, true),
        (.place, false), (.place, true),
    ]

    @Test("Members that hold rows to a constraint agree who gives way, and nothing is lost", arguments: constraints)
    func constrained(constraint: GroupSimulation.Constraint, isMixed: Bool) {
        let first = SplitMix64.newSeed()
        for number in 0..<8000 {
            var simulation = GroupSimulation(
                seed: first &+ UInt64(number),
                shape: .init(constraint: constraint, isMixed: isMixed, isTraced: Self.isTraced)
            )
            if let problem = simulation.run() {
                Issue.record("\(problem)")
                return
            }
        }
    }

    @Test(
        "Passing over what the ledger has not heard of is noticed",
        arguments: [(GroupSimulation.Constraint.unique, 5000), (.parent, 20_000)]
    )
    func deafness(constraint: GroupSimulation.Constraint, limit: Int) {
        let first = SplitMix64.newSeed()
        let isNoticed = (0..<limit).contains { number in
            let shape = GroupSimulation.Shape(
                members: 2...2,
                steps: 10,
                flaw: .deafness,
                constraint: constraint,
                isMixed: true
            )
            var simulation = GroupSimulation(seed: first &+ UInt64(number), shape: shape)
            return simulation.run() != nil
        }
        #expect(isNoticed, "\(limit) histories from seed \(first) on went by")
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
