import TallyMerge
import TallyModel
import Testing

struct CodingTests {
    static func sample() -> RowState {
        let base = Row([.integer(1), nil, .text("naïve 🎼"), .real(-0.0), .array([.null])])
        var state = RowState(base: base, seen: VersionVector([Actor(1): 5, Actor(400): .max]))
        for counter in 6...9 {
            let stamp = Stamp(
                dot: Dot(actor: Actor(1), counter: UInt64(counter)),
                time: HybridTime(microseconds: -Int64(counter), counter: UInt32(counter)),
                context: VersionVector([Actor(1): UInt64(counter - 1), Actor(7): 2])
            )
            let edit = ColumnEdit(column: counter, before: nil, after: .decimal("1.50"))
            state.add(RowWrite(stamp: stamp, kind: counter == 6 ? .insert : .update, edits: [edit]))
        }
        return state
    }

    @Test func aStateComesBackAsItWas() throws {
        for state in [RowState(), RowState(base: Row([]), seen: VersionVector()), Self.sample()] {
            #expect(try RowState(encoded: state.encoded) == state)
            #expect(try RowState(encoded: state.encoded).encoded == state.encoded)
        }
    }

    /// What needs no rules is read from the bytes alone, values of every kind passed over.
    @Test func anOutcomeThatNeedsNoRulesIsReadFromTheBytes() throws {
        let before: [Value?] = [
            nil, .null, .boolean(true), .integer(1), .real(2), .decimal("3"), .text("four"), .bytes([5]),
            .date(days: 6),
            .time(microseconds: 7), .timestamp(microseconds: 8, isZoned: false),
            .timestamp(microseconds: 9, isZoned: true),
            .interval(Interval(months: 1, days: 2, microseconds: 3)), .uuid(high: 1, low: 2), .json("{}"),
            .array([.text("a"), .array([.null, .integer(3)])]), .other(OtherValue(typeName: "point", bytes: [1, 2])),
        ]
        let edits = before.enumerated().map { ColumnEdit(column: $0, before: $1, after: .integer(Int64($0))) }
        for kind in [RowWrite.Kind.insert, .update, .delete] {
            var state = RowState(base: Row([.text("base")]), seen: VersionVector([Actor(3): 300]))
            #expect(try RowState.plainOutcome(encoded: state.encoded) == .row(Row([.text("base")])))
            let stamp = Stamp(
                dot: Dot(actor: Actor(1), counter: 1),
                time: HybridTime(microseconds: -1, counter: 2),
                context: VersionVector([Actor(2): 3, Actor(3): 300])
            )
            state.add(RowWrite(stamp: stamp, kind: kind, edits: kind == .delete ? [] : edits))
            let row = try state.outcome(under: MergeRules(), evaluating: Concatenation()).row
            #expect(try RowState.plainOutcome(encoded: state.encoded) == AuthoredRow(row))
        }
        #expect(try RowState.plainOutcome(encoded: Self.sample().encoded) == nil)
        #expect(try RowState.plainOutcome(encoded: RowState().encoded) == AuthoredRow(nil))
    }

    /// The format is kept for ever: this is what version 1 looks like.
    @Test func theBytesOfVersionOneStayAsTheyAre() {
        var state = RowState(base: Row([.integer(1), nil]), seen: VersionVector([Actor(2): 300]))
        let stamp = Stamp(
            dot: Dot(actor: Actor(1), counter: 1),
            time: HybridTime(microseconds: -1, counter: 2),
            context: VersionVector([Actor(2): 3])
        )
        state.add(RowWrite(stamp: stamp, kind: .update, edits: [ColumnEdit(column: 1, before: nil, after: .null)]))
        let base: [UInt8] = [3, 4, 1, 0, 0, 0, 0, 0, 0, 0, 0]
        let seen: [UInt8] = [2, 2, 0xac, 2]
        let write: [UInt8] = [1, 1, 1, 2, 2, 2, 3, 1, 1, 1, 0, 1]
        #expect(state.encoded == [1] + base + seen + [1] + write)
    }

    @Test func malformedBytesThrowAndNeverTrap() {
        var generator = Generator(seed: 11)
        let whole = Self.sample().encoded
        for length in 0..<whole.count {
            #expect(throws: MalformedRowState.self) { try RowState(encoded: whole[..<length]) }
        }
        #expect(throws: MalformedRowState.self) { try RowState(encoded: whole + [0]) }
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0...generator.below(4) {
                bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
            }
            do {
                // It may read less than the state does, and so find less to object to; it only must not trap.
                _ = try? RowState.plainOutcome(encoded: bytes)
                let state = try RowState(encoded: bytes)
                #expect(state.encoded == bytes, "bytes that are read are the bytes that are written")
                var pruned = state
                pruned.prune(under: MergeRules(other: .counter))
                _ = try pruned.outcome(under: MergeRules(other: .counter), evaluating: Concatenation())
            } catch {
                #expect(error is MalformedRowState)
            }
        }
    }

    /// Each is well formed, and would make a state that no one can come to.
    @Test func statesThatCannotBeAreRefused() throws {
        func write(counter: UInt64, at time: Int64, column: Int = 0) -> [UInt8] {
            let dot = Dot(actor: Actor(1), counter: counter)
            let stamp = Stamp(dot: dot, time: HybridTime(microseconds: time), context: VersionVector())
            var state = RowState()
            state.add(
                RowWrite(stamp: stamp, kind: .update, edits: [ColumnEdit(column: column, before: nil, after: .null)])
            )
            // After the version, no base, nothing seen and a count of one.
            return Array(state.encoded.dropFirst(4))
        }
        let (first, second) = (write(counter: 1, at: 1), write(counter: 2, at: 2))
        #expect(try RowState(encoded: [1, 0, 0, 2] + first + second).writes.count == 2)
        let refused: [[UInt8]] = [
            [1, 0, 0, 2] + second + first,
            [1, 0, 0, 2] + first + first,
            [1, 0, 0, 2] + first + write(counter: 1, at: 2),
            [1, 0, 1, 1, 1, 1] + first,
            [1, 0, 1, 1, 0, 0],
            [1, 0, 2, 2, 1, 1, 1, 0],
            [1, 0, 0, 1] + write(counter: 1, at: 1, column: 1 << 16),
            [1, 0, 0, 0x80, 0],
            [2, 0, 0, 0],
        ]
        for bytes in refused { #expect(throws: MalformedRowState.self) { try RowState(encoded: bytes) } }
    }
}
