import Testing
import TallyEngine
import TallyService

@Suite struct ProgressBlockTests {
    private func text(_ statuses: [FlowStatus]) -> String {
        ProgressBlock.lines(statuses).map(\.text).joined(separator: "\n")
    }

    @Test func `Flows in every state`() {
        #expect(
            text([Samples.live, Samples.loading, Samples.retrying])
                == """
                shop-to-reports  live      lag 12 ms  1,204/s  48,210 changes  3 dead letters  1 table paused
                copy             loading   0/s  1 change
                  orders  ██░░░░░░░░░░░░░░░░░░ 12 %  120,000 / 1,000,000 rows  84,000/s  10.4 s left
                away             retrying  0/s  0 changes  b.db: the disk is full; make room, and Tally goes on by itself
                """
        )
    }

    @Test func `Of many tables the first few are shown`() {
        var status = Samples.loading
        status.tables = (1...9).map { TableStatus(table: "t\($0)", target: "t\($0)", phase: .loading) }
        #expect(
            text([status])
                == """
                copy  loading   0/s  1 change
                  t1  0 rows
                  t2  0 rows
                  t3  0 rows
                  t4  0 rows
                  t5  0 rows
                  t6  0 rows
                  and 3 more
                """
        )
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
