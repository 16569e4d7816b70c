import TallyMerge
import TallyModel
import Testing

struct FoldingTests {
    private func fold(_ table: Table, stable: [Actor: UInt64]) throws -> RowState {
        var state = table.state
        try state.fold(stable: VersionVector(stable), under: table.rules, evaluating: Concatenation())
        return state
    }

    @Test func whatAllHaveSeenBecomesTheBase() throws {
        var table = Table(.counter, base: .integer(1))
        table.write(1, at: 1, from: .integer(1), to: .integer(2))
        table.write(2, at: 2, from: .integer(1), to: .integer(3))
        table.write(1, at: 3, seen: [1: 1, 2: 1], from: .integer(4), to: .integer(14))
        let state = try fold(table, stable: [Actor(1): 1, Actor(2): 1])
        #expect(state.base == Row([.integer(4)]))
        #expect(state.writes.count == 1)
        #expect(state.seen == VersionVector([Actor(1): 1, Actor(2): 1]))
        #expect(try fold(table, stable: [Actor(1): 2, Actor(2): 1]).isSettled)
    }

    @Test func whatARemainingWriteHasNotSeenRemainsToo() throws {
        var table = Table(.counter, base: .integer(1))
        table.write(1, at: 1, from: .integer(1), to: .integer(2))
        table.write(1, at: 2, seen: [1: 1], from: .integer(2), to: .integer(3))
        table.write(2, at: 3, seen: [1: 1], from: .integer(2), to: .integer(12))
        let state = try fold(table, stable: [Actor(1): 2])
        #expect(state.base == Row([.integer(2)]))
        #expect(state.writes.count == 2)
    }

    @Test func whatWasPrunedBeforeAndArrivesAgainDoesNotComeBack() throws {
        var table = Table(.latest, base: .integer(0))
        table.write(1, at: 1, to: .integer(1))
        table.write(2, at: 2, seen: [1: 1], to: .integer(2))
        var state = table.state
        state.prune(under: table.rules)
        try state.fold(
            stable: VersionVector([Actor(1): 1, Actor(2): 1]),
            under: table.rules,
            evaluating: Concatenation()
        )
        for write in table.writes {
            let isNew = state.add(write)
            #expect(!isNew)
        }
        #expect(state.base == Row([.integer(2)]))
    }

    @Test func aStateThatHasFoldedTakesNothingTwiceFromOneThatHasNot() throws {
        var table = Table(.counter, base: .integer(1))
        table.write(1, at: 1, from: .integer(1), to: .integer(2))
        table.write(2, at: 2, from: .integer(1), to: .integer(3))
        let folded = try fold(table, stable: [Actor(1): 1, Actor(2): 1])
        table.write(3, at: 3, seen: [1: 1, 2: 1], from: .integer(4), to: .integer(5))
        for (first, second) in [(folded, table.state), (table.state, folded)] {
            var state = first
            state.merge(second)
            #expect(state.base == Row([.integer(4)]))
            #expect(state.writes.count == 1)
            #expect(try state.outcome(under: table.rules, evaluating: Concatenation()).row == Row([.integer(5)]))
        }
    }

    @Test func aClashThatWaitsIsNotFoldedAway() throws {
        var table = Table(.manual, base: .integer(0))
        table.write(1, at: 1, to: .integer(1))
        table.write(2, at: 2, to: .integer(2))
        #expect(try !fold(table, stable: [Actor(1): 1, Actor(2): 1]).isSettled)
        table.write(3, at: 3, seen: [1: 1, 2: 1], to: .integer(1))
        #expect(try fold(table, stable: [Actor(1): 1, Actor(2): 1, Actor(3): 1]).isSettled)
        #expect(try fold(table, stable: [Actor(1): 1, Actor(2): 1]).writes.count == 1, "it has been decided")
    }

    @Test func aRowThatIsGoneButWasUpdatedSinceKeepsItsColumns() throws {
        // The update's author had a row, because the policy was another then.
        var table = Table(.latest, base: .integer(0), delete: .wins)
        table.write(1, at: 1, .delete)
        table.write(2, at: 2, to: .integer(2))
        table.write(3, at: 3, seen: [1: 1, 2: 1], from: .integer(2), to: .integer(3))
        #expect(try fold(table, stable: [Actor(1): 1, Actor(2): 1]) == table.state)
    }

    @Test func anExpressionThatFailsLeavesTheStateAsItWas() throws {
        struct Failing: MergeExpressions {
            func value(of: String, base: Value?, current: Value, incoming: Value) throws -> Value {
                throw CancellationError()
            }
        }
        var table = Table(.expression("?"), base: .integer(0))
        table.write(1, at: 1, to: .integer(1))
        table.write(2, at: 2, to: .integer(2))
        var state = table.state
        #expect(throws: CancellationError.self) {
            try state.fold(
                stable: VersionVector([Actor(1): 1, Actor(2): 1]),
                under: table.rules,
                evaluating: Failing()
            )
        }
        #expect(state == table.state)
    }
}
