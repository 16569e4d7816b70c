import Testing
import TallyEngine
import TallyService

@Suite struct StatusReportTests {
    private func text(_ statuses: [FlowStatus]) -> String {
        StatusReport.lines(statuses).map(\.text).joined(separator: "\n")
    }

    @Test func `A live flow`() {
        #expect(text([Samples.live]) == "")
    }

    @Test func `A flow that is being loaded, and one that waits to try again`() {
        #expect(text([Samples.loading, Samples.retrying]) == "")
    }

    @Test func `A flow that no node runs, and no flow at all`() {
        #expect(text([Samples.notRunning]) == "")
        #expect(text([]) == "No flows.")
    }

    @Test func `Only a stopped flow is an answer of no`() {
        var stopped = Samples.live
        stopped.phase = .stopped
        #expect(!StatusReport.hasStopped([Samples.live, Samples.retrying, Samples.notRunning]))
        #expect(StatusReport.hasStopped([Samples.live, stopped]))
    }
}
