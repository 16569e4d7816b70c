import TallyMerge
import TallyModel
import Testing

struct CounterTests {
    @Test func concurrentDifferencesAddUpWithoutAClash() throws {
        var table = Table(.counter, base: .integer(10))
        table.write(1, at: 1, from: .integer(10), to: .integer(9))
        table.write(2, at: 1, from: .integer(10), to: .integer(7))
        #expect(try table.outcome() == MergeOutcome(row: Row([.integer(6)]), clashes: []))
    }

    @Test(arguments: [
        (Value.decimal("10.00"), Value.decimal("10.5"), Value.decimal("9.995"), Value.decimal("10.495")),
        (.decimal("0.10"), .decimal("-0.10"), .decimal("0.1"), .decimal("-0.10")),
        (.integer(1), .decimal("1.5"), .integer(3), .decimal("3.5")),
        (.integer(1), .real(1.5), .integer(3), .real(3.5)),
        (.integer(.max), .integer(0), .integer(.max - 1), .integer(-1)),
        (.integer(.max - 1), .integer(.max), .integer(.max), .decimal("9223372036854775808")),
        (
            .decimal("123456789012345678901234567890"), .decimal("123456789012345678901234567891"),
            .decimal("123456789012345678901234567889.5"), .decimal("123456789012345678901234567890.5")
        ),
    ])
    func numbersOfEveryKindAddUpExactly(base: Value, one: Value, other: Value, sum: Value) throws {
        var table = Table(.counter, base: base)
        table.write(1, at: 1, from: base, to: one)
        table.write(2, at: 2, from: base, to: other)
        #expect(try table.value() == sum)
    }

    @Test func anAssignmentStandsForWhatItsAuthorHadSeen() throws {
        var table = Table(.counter, base: .integer(10))
        table.write(1, at: 1, from: .integer(10), to: .integer(15))
        table.write(2, at: 2, seen: [1: 1], from: .integer(15), to: .null)
        table.write(2, at: 3, seen: [1: 1, 2: 1], from: .null, to: .integer(100))
        table.write(1, at: 4, seen: [1: 1], from: .integer(15), to: .integer(17))
        #expect(try table.outcome() == MergeOutcome(row: Row([.integer(102)]), clashes: []))
    }

    @Test func concurrentAssignmentsClashAndAdditionsToEitherCount() throws {
        var table = Table(.counter, base: nil)
        table.write(1, at: 1, .insert, to: .integer(10))
        table.write(2, at: 2, .insert, to: .integer(20))
        table.write(1, at: 3, seen: [1: 1], from: .integer(10), to: .integer(13))
        let outcome = try table.outcome()
        #expect(outcome.row == Row([.integer(23)]))
        #expect(outcome.clashes.map(\.winner?.actor.number) == [2])
    }

    @Test func anAdditionThatANullSwallowsIsShownAsAClash() throws {
        var table = Table(.counter, base: .integer(10))
        table.write(1, at: 1, from: .integer(10), to: .null)
        table.write(2, at: 2, from: .integer(10), to: .integer(11))
        let outcome = try table.outcome()
        #expect(outcome.row == Row([.null]))
        #expect(outcome.clashes.map(\.winner?.actor.number) == [1])
    }

    @Test func aColumnThatCameLaterBeginsWithItsDefault() throws {
        var table = Table(.counter, base: nil)
        table.base = Row([nil])
        table.write(1, at: 1, from: .integer(5), to: .integer(6))
        table.write(2, at: 2, from: .integer(5), to: .integer(8))
        #expect(try table.value() == .integer(9))
    }

    /// Actors add to what they have seen, deliver in any order, prune and fold: nothing is lost or counted twice.
    @Test func theCountIsTheSumOfAllDifferences() throws {
        for seed: UInt64 in 0..<300 {
            let history = try History(seed: seed, writes: 30, columns: [7], deletes: false)
            var expected: Int64 = 0
            if case .integer(let base) = history.base?.values[7] { expected = base }
            for write in history.writes {
                let edit = try #require(write.edits.first)
                guard case (.integer(let before)?, .integer(let after)?) = (edit.before, edit.after) else { continue }
                expected += after - before
            }
            var generator = Generator(seed: seed)
            var state = history.state(of: [])
            for (index, write) in history.writes.enumerated() {
                state.add(write)
                let stable = VersionVector.minimum(of: history.writes[index...].dropFirst().map(\.stamp.context))
                if generator.chance(1, in: 3) {
                    try state.fold(stable: stable, under: history.rules, evaluating: Concatenation())
                }
                state.add(history.writes[generator.below(index + 1)])
            }
            #expect(try history.outcome(of: state).row?.values[7] == .integer(expected), "seed \(seed)")
        }
    }
}
