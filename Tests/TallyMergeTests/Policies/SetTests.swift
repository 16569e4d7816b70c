import TallyMerge
import TallyModel
import Testing

struct SetTests {
    private func json(_ text: String) -> Value { .json(text) }

    @Test func insertionsAndRemovalsOfBothSidesHold() throws {
        var table = Table(.set, base: json(#"["a", "b"]"#))
        table.write(1, at: 2, from: json(#"["a", "b"]"#), to: json(#"["a", "b", "c"]"#))
        table.write(2, at: 1, from: json(#"["a", "b"]"#), to: json(#"["d", "b"]"#))
        #expect(try table.outcome() == MergeOutcome(row: Row([json(#"["b","d","c"]"#)]), clashes: []))
    }

    @Test func aRemovalTakesAwayOnlyWhatItsAuthorHadSeen() throws {
        var table = Table(.set, base: json("[]"))
        table.write(1, at: 1, from: json("[]"), to: json(#"["x"]"#))
        table.write(2, at: 2, from: json("[]"), to: json(#"["x"]"#))
        table.write(1, at: 3, seen: [1: 1], from: json(#"["x"]"#), to: json("[]"))
        #expect(try table.value() == json(#"["x"]"#), "the other insertion stays")
        table.write(3, at: 4, seen: [1: 2, 2: 1], from: json(#"["x"]"#), to: json("[]"))
        #expect(try table.value() == json("[]"))
    }

    @Test func elementsAreEqualByWhatTheyMean() throws {
        let base = json(#"[1.50, "\u0061", {"k": 1, "l": [true, null]}]"#)
        var table = Table(.set, base: base)
        table.write(1, at: 1, from: base, to: json(#"["a", {"l":[true,null],"k":1e0}]"#))
        table.write(2, at: 2, from: json(#"[15e-1, "a"]"#), to: json(#"[15e-1, "a", -0]"#))
        #expect(try table.value() == json(#"["\u0061",{"k": 1, "l": [true, null]},-0]"#), "spelled as it was at first")
    }

    @Test func arraysOfOtherStoresMergeWithJSON() throws {
        let base = Value.array([.text("a"), .integer(1)])
        var table = Table(.set, base: base)
        table.write(1, at: 1, from: json(#"["a", 1]"#), to: json(#"["a", 1, "b"]"#))
        table.write(2, at: 2, from: base, to: .array([.text("a")]))
        #expect(try table.value() == .array([.text("a"), .text("b")]), "in the form of the latest")
    }

    @Test func aLoneEditIsTakenAsItWasWritten() throws {
        var table = Table(.set, base: json("[1]"))
        table.write(1, at: 1, from: json("[1]"), to: json("[ 2 , 1, 2 ]"))
        table.write(2, at: 2, seen: [1: 1], from: json("[ 2 , 1, 2 ]"), to: json("[3,  2]"))
        #expect(try table.value() == json("[3,  2]"))
    }

    @Test func concurrentInsertsOfARowUniteAndNullIsTheEmptySet() throws {
        var table = Table(.set, base: nil)
        table.write(1, at: 1, .insert, to: json("[1, 2]"))
        table.write(2, at: 2, .insert, to: json("[2, 3]"))
        #expect(try table.value() == json("[1,2,3]"))
        table.write(3, at: 3, .insert, to: .null)
        #expect(try table.value() == json("[1,2,3]"))
        table.write(4, at: 4, seen: [1: 1, 2: 1], from: json("[1,2,3]"), to: json("[]"))
        #expect(try table.value() == json("[]"))
    }

    @Test func whatIsNoArrayIsDecidedByTheLatest() throws {
        var table = Table(.set, base: json("[1]"))
        table.write(1, at: 1, from: json("[1]"), to: json("[1, 2]"))
        table.write(2, at: 2, from: json("[1]"), to: json(#"{"not": "an array"}"#))
        let outcome = try table.outcome()
        #expect(outcome.row == Row([json(#"{"not": "an array"}"#)]))
        #expect(outcome.clashes.map(\.winner?.actor.number) == [2])
    }
}
