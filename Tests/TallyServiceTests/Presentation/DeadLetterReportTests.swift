import Testing
import TallyService

@Suite struct DeadLetterReportTests {
    private func text(_ lines: [Line]) -> String {
        lines.map(\.text).joined(separator: "\n")
    }

    @Test func `The list shows where and why, and no value`() {
        #expect(text(DeadLetterReport.lines(FakeNode.letters)) == "")
        #expect(text(DeadLetterReport.lines([DeadLetterSummary]())) == "No dead letters.")
    }

    @Test func `One letter, without and with its values`() {
        var letter = FakeNode.detail
        letter.formerKey = [DeadLetterDetail.Cell(column: "id", value: "6")]
        #expect(text(DeadLetterReport.lines(letter.withoutValues)) == "")
        #expect(text(DeadLetterReport.lines(letter)) == "")
    }

    @Test func `What became of letters`() {
        let mixed = LetterResult(settled: [1], refused: Array(2...30))
        #expect(text(DeadLetterReport.lines(mixed, verb: "taken by the target")) == "")
        #expect(text(DeadLetterReport.lines(LetterResult(), verb: "discarded")) == "No dead letters.")
    }
}
