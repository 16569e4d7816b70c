import Testing
import TallyEngine
import TallyService

@Suite struct ProgressBlockTests {
    private func text(_ statuses: [FlowStatus]) -> String {
        ProgressBlock.lines(statuses).map(\.text).joined(separator: "\n")
    }

    @Test func `Flows in every state`() {
        #expect(text([Samples.live, Samples.loading, Samples.retrying]) == "")
    }

    @Test func `Of many tables the first few are shown`() {
        var status = Samples.loading
        status.tables = (1...9).map { TableStatus(table: "t\($0)", target: "t\($0)", phase: .loading) }
        #expect(text([status]) == "")
    }

    @Test func `A line is cut where the terminal ends, colours not counted`() throws {
        let line = try #require(ProgressBlock.lines([Samples.retrying]).first)
        #expect(line.rendered(inColour: false, limit: 24) == "away  retrying  0/s  0 …")
        #expect(
            line.rendered(inColour: true, limit: 24)
                == "\u{1B}[1maway\u{1B}[0m  \u{1B}[33mretrying\u{1B}[0m  0/s  0 …"
        )
    }
}
