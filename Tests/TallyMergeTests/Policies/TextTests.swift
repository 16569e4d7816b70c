import TallyMerge
import TallyModel
import Testing

struct TextTests {
    @Test func editsAtDifferentPlacesBothHold() throws {
        let base = Value.text("The quick fox jumps.")
        var table = Table(.text, base: base)
        table.write(1, at: 1, from: base, to: .text("The quick brown fox jumps."))
        table.write(2, at: 2, from: base, to: .text("A quick fox jumps over the dog."))
        #expect(
            try table.outcome() == MergeOutcome(row: Row([.text("A quick brown fox jumps over the dog.")]), clashes: [])
        )
    }

    @Test func graphemesAreNotSplit() throws {
        let base = Value.text("e\u{301}|👩‍👩‍👧|🇩🇪🇫🇷|\r\n")
        var table = Table(.text, base: base)
        table.write(1, at: 1, from: base, to: .text("e\u{300}|👩‍👩‍👧|🇩🇪🇮🇹|\r\n"))
        table.write(2, at: 2, from: base, to: .text("e\u{301}|👩‍👧‍👦|🇩🇪🇫🇷|\r\n!"))
        guard case .text(let merged) = try table.value() else { throw CancellationError() }
        #expect(Array(merged.unicodeScalars) == Array("e\u{300}|👩‍👧‍👦|🇩🇪🇮🇹|\r\n!".unicodeScalars))
    }

    @Test func rewritingsOfOnePhraseStayReadable() throws {
        let base = Value.text("Dear cat, hello.")
        var table = Table(.text, base: base)
        table.write(1, at: 1, from: base, to: .text("Dear hungry dog, hello."))
        table.write(2, at: 2, from: base, to: .text("Dear mouse, hello."))
        #expect(try table.value() == .text("Dear hungry dogmouse, hello."))
    }

    @Test func anAssignmentBehavesAsARegister() throws {
        var table = Table(.text, base: .text("abc"))
        table.write(1, at: 1, from: .text("abc"), to: .text("abcd"))
        table.write(2, at: 2, from: .text("abc"), to: .null)
        let outcome = try table.outcome()
        #expect(outcome.row == Row([.null]))
        #expect(outcome.clashes.map(\.winner?.actor.number) == [2])
    }

    @Test func anEditOfTextThatIsNotWhatIsKnownIsAligned() throws {
        let base = Value.text("one two three")
        var table = Table(.text, base: base)
        table.write(1, at: 1, from: .text("one two thre"), to: .text("one 2 thre"))
        table.write(2, at: 2, from: base, to: .text("one two three four"))
        #expect(try table.value() == .text("one 2 three four"))
    }

    @Test func textsThatHaveLittleInCommonAreReplacedAsOne() throws {
        let base = Value.text(String(repeating: "ab", count: 3000))
        var table = Table(.text, base: base)
        table.write(1, at: 1, from: base, to: .text(String(repeating: "xay", count: 2000)))
        table.write(2, at: 2, from: base, to: .text(String(repeating: "ab", count: 3000) + "!"))
        #expect(try table.value() == .text(String(repeating: "xay", count: 2000) + "!"))
    }

    /// ```
    /// one:  |-L-          |-Ln-
    /// two:  |-R-   |-LoR-  (having heard of L)
    /// ```
    @Test func whatOneTypesOnStaysTogetherThoughAnotherTypedBehindIt() throws {
        var table = Table(.text, base: .text("|"))
        table.write(1, at: 1, from: .text("|"), to: .text("|L"))
        table.write(2, at: 2, from: .text("|"), to: .text("|R"))
        table.write(2, at: 3, seen: [1: 1, 2: 1], from: .text("|LR"), to: .text("|LoR"))
        table.write(1, at: 4, seen: [1: 1], from: .text("|L"), to: .text("|Ln"))
        #expect(try table.value() == .text("|LnoR"))
    }

    @Test func aDeletionIsOfTheLettersThatItsAuthorSawAndNotOfOthersLikeThem() throws {
        var table = Table(.text, base: .text("|"))
        table.write(1, at: 1, from: .text("|"), to: .text("|a"))
        table.write(2, at: 2, from: .text("|"), to: .text("|ab"))
        table.write(2, at: 3, seen: [2: 1], from: .text("|ab"), to: .text("|b"))
        #expect(try table.value() == .text("|ab"))
        table.write(1, at: 4, seen: [1: 1], from: .text("|a"), to: .text("|"))
        #expect(try table.value() == .text("|b"))
    }

    /// Each of several authors changes the same text once: some insert at several places, others delete at several
    /// places and insert at one.
    @Test func everyInsertedRunStaysWholeAndEveryDeletionHolds() throws {
        for seed: UInt64 in 0..<400 {
            var generator = Generator(seed: seed)
            var samples = Samples(seed: seed)
            let base = (0..<10).flatMap { _ in samples.run() }
            var table = Table(.text, base: .text(String(base)))
            var runs: [String] = []
            var deleted: Set<Character> = []
            for actor in 1...UInt16(2 + generator.below(4)) {
                var letters = base
                let deletions = generator.below(4)
                for _ in 0..<deletions {
                    let gone = Set(letters[generator.below(letters.count)...].prefix(generator.below(5)))
                    letters.removeAll { gone.contains($0) }
                    deleted.formUnion(gone)
                }
                for _ in 0..<(deletions > 0 ? 1 : 1 + generator.below(3)) {
                    // Between two letters that were there, so that no run is put into another of the same author.
                    let places = (0...letters.count).filter { place in
                        [letters[..<place].last, letters[place...].first].allSatisfy { $0.map(base.contains) ?? true }
                    }
                    let run = samples.run()
                    letters.insert(contentsOf: run, at: places[generator.below(places.count)])
                    runs.append(String(run))
                }
                table.write(actor, at: Int64(generator.below(9)), from: .text(String(base)), to: .text(String(letters)))
            }
            guard case .text(let merged) = try table.value() else { throw CancellationError() }
            for run in runs { #expect(merged.contains(run), "seed \(seed)") }
            #expect(
                merged.filter { base.contains($0) } == String(base.filter { !deleted.contains($0) }),
                "seed \(seed)"
            )
            #expect(merged.count == base.count - deleted.count + runs.count * 3, "seed \(seed)")
        }
    }

    /// Several authors type on for a while, forwards, backwards and in between, without hearing from each other.
    @Test func whatSeveralTypedAtOnePlaceIsNotMixed() throws {
        for seed: UInt64 in 0..<400 {
            var generator = Generator(seed: seed)
            var samples = Samples(seed: seed)
            let base = samples.run()
            var table = Table(.text, base: .text(String(base)))
            var texts: [[Character]] = []
            let actors = 1...UInt16(2 + generator.below(3))
            for actor in actors {
                var letters = base
                for count in 0..<1 + generator.below(5) {
                    let before = letters
                    letters.insert(contentsOf: samples.run(), at: generator.below(letters.count + 1))
                    table.write(
                        actor,
                        at: Int64(count * 10 + generator.below(10)),
                        seen: [actor: UInt64(count)],
                        from: .text(String(before)),
                        to: .text(String(letters))
                    )
                }
                texts.append(letters)
            }
            guard case .text(let merged) = try table.value() else { throw CancellationError() }
            #expect(merged.count == texts.reduce(base.count) { $0 + $1.count - base.count }, "seed \(seed)")
            for text in texts {
                let own = merged.filter { text.contains($0) }
                #expect(own == String(text), "seed \(seed)")
                for stretch in text.split(whereSeparator: { base.contains($0) }) {
                    #expect(merged.contains(String(stretch)), "seed \(seed)")
                }
            }
        }
    }

    /// Authors take turns, each having seen all so far; one other, who sees nothing, forces a replay of it all.
    @Test func editsInTurnComeToTheLastText() throws {
        for seed: UInt64 in 0..<300 {
            var generator = Generator(seed: seed)
            var samples = Samples(seed: seed)
            var letters = samples.run()
            let base = letters
            var table = Table(.text, base: .text(String(base)))
            var seen: [UInt16: UInt64] = [:]
            for time in 1...12 {
                let before = letters
                let start = generator.below(letters.count)
                letters.removeSubrange(start..<min(letters.count, start + generator.below(3)))
                letters.insert(contentsOf: samples.run(), at: generator.below(letters.count + 1))
                let actor = UInt16(1 + generator.below(3))
                let dot = table.write(
                    actor,
                    at: Int64(time),
                    seen: seen,
                    from: .text(String(before)),
                    to: .text(String(letters))
                )
                seen[actor] = dot.counter
            }
            #expect(try table.value() == .text(String(letters)), "seed \(seed)")
            table.write(9, at: Int64(generator.below(12)), from: .text(String(base)), to: .text(String(base) + "!"))
            guard case .text(let merged) = try table.value() else { throw CancellationError() }
            #expect(merged.filter { $0 != "!" } == String(letters), "seed \(seed)")
            #expect(merged.count == letters.count + 1, "seed \(seed)")
        }
    }
}
