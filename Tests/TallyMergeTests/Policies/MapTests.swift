import TallyMerge
import TallyModel
import Testing

struct MapTests {
    private static let base = Value.json(#"{"a": 1, "n": {"x": [ 1 ], "y": true}, "z": "\u00e9"}"#)

    private func merged(_ one: String, _ other: String, base: Value = base) throws -> MergeOutcome {
        var table = Table(.map, base: base)
        table.write(1, at: 1, from: base, to: .json(one))
        table.write(2, at: 2, from: base, to: .json(other))
        return try table.outcome()
    }

    @Test func keysMergeAndUntouchedPartsKeepTheirSpelling() throws {
        let outcome = try merged(
            #"{"a": 2, "n": {"x": [ 1 ], "y": true}, "z": "\u00e9", "new": 0}"#,
            #"{"z": "é", "n": {"y": false, "x": [1.0]}, "a": 1}"#
        )
        #expect(outcome.row == Row([.json(#"{"a":2,"n":{"y": false, "x": [1.0]},"z":"\u00e9","new":0}"#)]))
        #expect(outcome.clashes.isEmpty)
    }

    @Test func nestedObjectsMergeKeyByKey() throws {
        let outcome = try merged(
            #"{"a": 1, "n": {"x": [ 1 ], "y": false}, "z": "\u00e9"}"#,
            #"{"a": 1, "n": {"y": true, "w": {}}}"#
        )
        #expect(outcome.row == Row([.json(#"{"a":1,"n":{"y":false,"w":{}}}"#)]))
        #expect(outcome.clashes.isEmpty)
    }

    @Test func oneKeySetToTwoThingsIsAClashAndTheLatestStands() throws {
        let outcome = try merged(#"{"a": 2, "b": 1}"#, #"{"a": 3}"#, base: .json(#"{"a": 1}"#))
        #expect(outcome.row == Row([.json(#"{"a":3,"b":1}"#)]))
        #expect(outcome.clashes.map { $0.candidates.map(\.actor.number) } == [[1, 2]])
        #expect(outcome.clashes.first?.winner == .some(nil))
        let agreed = try merged(#"{"a": 2, "b": 1}"#, #"{"a": 2.0}"#, base: .json(#"{"a": 1}"#))
        #expect(agreed == MergeOutcome(row: Row([.json(#"{"a":2.0,"b":1}"#)]), clashes: []))
    }

    @Test func aKeyTakenAwayAgainstAChangeInItGoesByTime() throws {
        let base = Value.json(#"{"n": {"x": 1, "y": 1}}"#)
        let changed = try merged("{}", #"{"n": {"x": 2, "y": 1}}"#, base: base)
        #expect(changed.row == Row([.json(#"{"n":{"x":2}}"#)]), "the change is later, and it was of x alone")
        #expect(changed.clashes.count == 1)
        let removed = try merged(#"{"n": {"x": 2, "y": 1}}"#, "{}", base: base)
        #expect(removed.row == Row([.json("{}")]))
        #expect(removed.clashes.count == 1)
    }

    @Test func objectsWrittenOverNothingUnite() throws {
        let outcome = try merged(#"{"a": 1}"#, #"{"b": {"c": 2}}"#, base: .null)
        #expect(outcome == MergeOutcome(row: Row([.json(#"{"a":1,"b":{"c": 2}}"#)]), clashes: []))
    }

    @Test func aNewObjectTakesAwayWhatItsAuthorHadSeenAndNoMore() throws {
        var table = Table(.map, base: .json(#"{"old": 1, "both": 1}"#))
        table.write(1, at: 1, from: table.base?[0], to: .json(#"{"old": 1, "both": 1, "seen": 1}"#))
        table.write(2, at: 2, from: table.base?[0], to: .json(#"{"old": 1, "both": 2}"#))
        table.write(1, at: 3, seen: [1: 1], .insert, to: .json(#"{"fresh": 1}"#))
        #expect(try table.value() == .json(#"{"both":2,"fresh":1}"#))
    }

    @Test func whatIsNoObjectIsDecidedByTheLatest() throws {
        let outcome = try merged(#"{"a": 2}"#, "[1]", base: .json(#"{"a": 1}"#))
        #expect(outcome.row == Row([.json("[1]")]))
        #expect(outcome.clashes.map(\.winner?.actor.number) == [2])
    }

    @Test func namesAreEqualByWhatTheyMeanAndOfTwoTheLastHolds() throws {
        let outcome = try merged(#"{"\u0061":1,"a":2}"#, #"{"b\/\ud83c\udfbc":1,"a":1}"#, base: .json(#"{"\u0061":1}"#))
        #expect(outcome == MergeOutcome(row: Row([.json(#"{"\u0061":2,"b\/\ud83c\udfbc":1}"#)]), clashes: []))
    }

    @Test func textThatIsNoJSONNeverTraps() throws {
        var generator = Generator(seed: 5)
        let whole = Array(#"{"a\ud83c\udfbc\n": [1.5e-3, -0, true, false, null, "é\\"], "b": {"c": {}}}"#.utf8)
        let letters = Array(#"{}[]":,\u0dE-+.tfn "#.utf8)
        for policy in [ColumnPolicy.map, .set] {
            for round in 0..<5000 {
                var texts: [String] = []
                for _ in 0..<3 {
                    var bytes = Array(whole.prefix(round % 2 == 0 ? whole.count : generator.below(whole.count)))
                    for _ in 0..<generator.below(3) where !bytes.isEmpty {
                        bytes[generator.below(bytes.count)] = letters[generator.below(letters.count)]
                    }
                    texts.append(String(decoding: bytes, as: UTF8.self))
                }
                var table = Table(policy, base: .json(texts[0]))
                table.write(1, at: 1, from: .json(texts[0]), to: .json(texts[1]))
                table.write(2, at: 2, from: .json(texts[0]), to: .text(texts[2]))
                _ = try table.outcome()
            }
        }
        var table = Table(.map, base: .null)
        for actor in 1...2 as ClosedRange<UInt16> {
            table.write(actor, at: 1, from: .null, to: .json(String(repeating: #"{"a":"#, count: 100_000)))
        }
        #expect(try table.outcome().clashes.isEmpty)
    }
}
