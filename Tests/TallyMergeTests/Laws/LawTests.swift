import Foundation
import TallyMerge
import TallyModel
import Testing

/// Laws of merging, over random histories.
///
/// A failure names its seed; `TALLY_SEED=123 swift test -c release --filter LawTests` runs that history alone.
struct LawTests {
    private static let seeds: ClosedRange<UInt64> =
        ProcessInfo.processInfo.environment["TALLY_SEED"].flatMap(UInt64.init).map { $0...$0 } ?? 1...500

    @Test func theOrderOfArrivalDoesNotMatter() throws {
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 9)
            let expected = history.state(of: history.writes)
            let outcome = try history.outcome(of: expected)
            var generator = Generator(seed: seed)
            for _ in 0..<4 {
                let state = history.state(of: history.writes.shuffled(using: &generator))
                #expect(state.encoded == expected.encoded, "seed \(seed)")
                #expect(try history.outcome(of: state) == outcome, "seed \(seed)")
            }
        }
    }

    @Test func addingTwiceIsAddingOnce() throws {
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 6)
            var state = history.state(of: history.writes)
            let once = state
            for write in history.writes {
                let isNew = state.add(write)
                #expect(!isNew, "seed \(seed)")
            }
            #expect(state == once, "seed \(seed)")
        }
    }

    @Test func aStateComesBackFromItsBytes() throws {
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 6)
            let state = history.state(of: history.writes)
            #expect(try RowState(encoded: state.encoded) == state, "seed \(seed)")
            // What the bytes alone come to is what the rules make of it, where they have no say.
            for count in 0...1 {
                let state = history.state(of: history.writes.prefix(count))
                let outcome = AuthoredRow(try history.outcome(of: state).row)
                #expect(try RowState.plainOutcome(encoded: state.encoded) == outcome, "seed \(seed)")
            }
        }
    }

    @Test func pruningAtAnyMomentChangesNoLaterOutcome() throws {
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 10)
            let expected = try history.outcome(of: history.state(of: history.writes))
            var prunedAtLast = history.state(of: history.writes)
            prunedAtLast.prune(under: history.rules)
            var generator = Generator(seed: seed)
            for _ in 0..<4 {
                var state = history.state(of: [])
                var arrived: [RowWrite] = []
                for write in history.writes.shuffled(using: &generator) {
                    state.add(write)
                    arrived.append(write)
                    if generator.chance(1, in: 4) { state.add(arrived[generator.below(arrived.count)]) }
                    if generator.chance(1, in: 2) { state.prune(under: history.rules) }
                    let unpruned = try history.outcome(of: history.state(of: arrived))
                    try #require(try history.outcome(of: state) == unpruned, "seed \(seed)")
                }
                #expect(try history.outcome(of: state) == expected, "seed \(seed)")
                state.prune(under: history.rules)
                #expect(state.encoded == prunedAtLast.encoded, "seed \(seed)")
            }
        }
    }

    @Test func foldingWhatIsStableChangesNoLaterRow() throws {
        var folds = 0
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 12)
            let expected = try history.outcome(of: history.state(of: history.writes))
            var generator = Generator(seed: seed)
            for _ in 0..<4 {
                let state = try folding(history, of: history.writes.shuffled(using: &generator), using: &generator)
                if !state.seen.isEmpty { folds += 1 }
                try #require(try history.outcome(of: state).row == expected.row, "seed \(seed)")
            }
            // In the order of the causes nearly everything can be folded.
            let state = try folding(history, of: history.writes, using: &generator)
            try #require(try history.outcome(of: state).row == expected.row, "seed \(seed)")
            if !state.seen.isEmpty { folds += 1 }
        }
        #expect(Self.seeds.count == 1 || folds > Self.seeds.count / 2, "too few histories fold at all")
    }

    @Test func mergingIsCommutativeAssociativeAndIdempotent() throws {
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 8)
            var generator = Generator(seed: seed)
            let parts = (0..<3).map { _ in
                history.state(of: history.writes.filter { _ in generator.chance(1, in: 2) }.shuffled(using: &generator))
            }
            var left = parts[0]
            left.merge(parts[1])
            left.merge(parts[2])
            var right = parts[2]
            right.merge(parts[1])
            right.merge(right)
            var both = parts[0]
            both.merge(right)
            #expect(left == both, "seed \(seed)")
            right.merge(parts[0])
            #expect(left.encoded == right.encoded, "seed \(seed)")
        }
    }

    @Test func statesMergeToWhatTheyKnowTogether() throws {
        for seed in Self.seeds {
            let history = try History(seed: seed, writes: 10)
            let expected = try history.outcome(of: history.state(of: history.writes))
            var generator = Generator(seed: seed)
            let shuffled = history.writes.shuffled(using: &generator)
            var one = try folding(
                history,
                of: shuffled.prefix(shuffled.count * 2 / 3),
                of: history.writes,
                using: &generator
            )
            var other = try folding(
                history,
                of: shuffled.suffix(shuffled.count * 2 / 3),
                of: history.writes,
                using: &generator
            )
            let (first, second) = (one, other)
            one.merge(second)
            other.merge(first)
            #expect(try history.outcome(of: one).row == expected.row, "seed \(seed)")
            #expect(try history.outcome(of: other).row == expected.row, "seed \(seed)")
            let once = one
            one.merge(second)
            #expect(one == once, "seed \(seed)")
        }
    }

    private func folding(
        _ history: History,
        of arriving: some Sequence<RowWrite>,
        of all: [RowWrite]? = nil,
        using generator: inout Generator
    ) throws -> RowState {
        var missing = all ?? Array(arriving)
        var arrived: [RowWrite] = []
        var state = history.state(of: [])
        for write in arriving {
            state.add(write)
            arrived.append(write)
            missing.removeAll { $0 == write }
            if generator.chance(1, in: 3) { state.prune(under: history.rules) }
            if generator.chance(1, in: 2) {
                // All that every write still to arrive has seen; with none to arrive, all there is.
                var stable = VersionVector.minimum(of: missing.map(\.stamp.context))
                if missing.isEmpty { for write in arrived { stable.insert(write.stamp.dot) } }
                try state.fold(stable: stable, under: history.rules, evaluating: Concatenation())
            }
            if generator.chance(1, in: 4) { state.add(arrived[generator.below(arrived.count)]) }
        }
        return state
    }
}
