import Foundation
import TallyTesting
import Testing

/// The real flow, in ten thousand histories of crashes, outages and people, each of which follows from its seed.
///
/// `TALLY_SEED=123 swift test -c release --filter HistoryTests` runs that history alone, with its trace.
struct HistoryTests {
    private static let histories = 10_000
    private static let batches = 40
    private static let chosen = ProcessInfo.processInfo.environment["TALLY_SEED"].flatMap(UInt64.init)

    @Test(.enabled(if: chosen == nil), arguments: 0..<batches)
    func whateverHappensTheTargetIsTheSourceAtItsCheckpoint(batch: Int) async {
        let size = Self.histories / Self.batches
        for seed in UInt64(batch * size)..<UInt64((batch + 1) * size) {
            // A history keeps its thread to itself; without this the tests beside it would wait for all of them.
            await Task.yield()
            let report = FlowSimulation.run(seed: seed)
            guard report.violations.isEmpty else {
                Issue.record("\(FlowSimulation.run(seed: seed, keepsTrace: true).story)")
                return
            }
        }
    }

    @Test(.enabled(if: chosen != nil))
    func theChosenHistory() throws {
        let report = FlowSimulation.run(seed: try #require(Self.chosen), keepsTrace: true)
        print(report.trace.joined(separator: "\n"))
        #expect(report.violations.isEmpty, "\(report.violations)")
    }

    @Test func aSeedIsOneHistory() async {
        for seed in 1...20 as ClosedRange<UInt64> {
            await Task.yield()
            let (once, again) = (
                FlowSimulation.run(seed: seed, keepsTrace: true), FlowSimulation.run(seed: seed, keepsTrace: true)
            )
            // The first line shows sets, whose order means nothing.
            #expect(once.trace.dropFirst() == again.trace.dropFirst(), "seed \(seed)")
            #expect(once.steps == again.steps)
            #expect(FlowSimulation.run(seed: seed).steps == once.steps, "a trace changes nothing")
        }
    }

    @Test func everyKindOfMishapHappens() async {
        var coverage: [String: Int] = [:]
        for seed in 0..<300 as Range<UInt64> {
            await Task.yield()
            coverage.merge(FlowSimulation.run(seed: seed).coverage, uniquingKeysWith: +)
        }
        for mishap in Mishap.allCases { #expect(coverage[mishap.rawValue, default: 0] > 10, "\(mishap)") }
        #expect(coverage["commit", default: 0] > 1000)
        #expect(coverage["fault", default: 0] > 100)
    }

    /// The judge is worth nothing unless it can condemn: each broken promise of a store is noticed, and soon.
    @Test(arguments: Flaw.allCases)
    func aStoreThatBreaksItsPromiseIsNoticed(flaw: Flaw) async {
        for seed in 0..<1000 as Range<UInt64> {
            await Task.yield()
            if !FlowSimulation.run(seed: seed, flaw: flaw).violations.isEmpty { return }
        }
        Issue.record("\(flaw.rawValue) went unnoticed in a thousand histories")
    }
}
