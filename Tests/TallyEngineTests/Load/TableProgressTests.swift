import TallyEngine
import TallyModel
import Testing

struct TableProgressTests {
    private let middle = Row([.integer(5)])

    private func progress() -> TableProgress {
        TableProgress(
            loading: Samples.items,
            ranges: [KeyRange(upper: middle), KeyRange(lower: middle)],
            total: 10,
            mode: .replace,
            rule: "rule",
            ignored: [3]
        )
    }

    private func chunk(_ range: KeyRange, isLast: Bool, asOf: UInt64) -> Chunk {
        let rows = [Row([.integer(1), .integer(1), .integer(1)])]
        let position = Position(order: asOf)
        return Chunk(schema: Samples.items, rows: rows, range: range, isLast: isLast, asOf: position, byteCount: 1)
    }

    @Test func aNoteReadsBackAsItWas() throws {
        var progress = progress()
        let cursor = Row([.other(OtherValue(typeName: "text", bytes: [0xff, 0]))])
        progress.loaded(chunk(KeyRange(upper: cursor), isLast: false, asOf: 3), range: 0)
        let note = try progress.note(for: Samples.items.name)
        #expect(try TableProgress(note) == progress)
        #expect(try TableProgress(note).ranges[0].rest == KeyRange(lower: cursor, upper: middle))
    }

    @Test(arguments: ["", "{}", "null", #"{"phase":"live"}"#, #"{"phase":"strange"}"#])
    func aNoteThatCannotBeReadIsDamageAndNeverNothing(text: String) {
        let error = #expect(throws: StoreError.self) {
            try TableProgress(TableNote(table: Samples.items.name, text: text))
        }
        #expect(error?.code == .damaged)
    }

    @Test func aLoadIsRightOnceTheStreamHasPassedItsLatestChunk() {
        var progress = progress()
        progress.loaded(chunk(KeyRange(upper: middle), isLast: true, asOf: 9), range: 0)
        #expect(progress.isLoading)
        progress.loaded(chunk(KeyRange(lower: middle), isLast: true, asOf: 7), range: 1)
        #expect(!progress.isLoading)
        #expect(progress.isReplaying)
        #expect(!progress.isCaughtUp(at: Position(order: 8)))
        #expect(progress.isCaughtUp(at: Position(order: 9)))
    }
}
