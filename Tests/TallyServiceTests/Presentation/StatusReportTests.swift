import Testing
import TallyEngine
import TallyService

@Suite struct StatusReportTests {
    private func text(_ statuses: [FlowStatus]) -> String {
        StatusReport.lines(statuses).map(\.text).joined(separator: "\n")
    }

    @Test func `A live flow`() {
        #expect(
            text([Samples.live])
                == """
                shop-to-reports: live
                  from          sqlite shop.db
                  to            sqlite reports.db
                  position      1042
                  lag           12 ms, worst of the last minute 2.5 s, objective 2.0 s missed
                  rate          1,204/s, 48,210 changes in 310 batches since the start
                  retries       2 since the start
                  dead letters  3

                  TABLE               PHASE   LOADED  INSERTS  UPDATES  DELETES  DEAD LETTERS
                  customers → kunden  live    10,000    1,204       88        3             3
                  archive.notes       paused                0        0        0
                    column «text» was dropped; `tally resume shop-to-reports archive.notes` goes on without it
                """
        )
    }

    @Test func `What a source has to say stands below the rest of what is wrong`() {
        var live = Samples.live
        live.notice = "the slot holds back 9 GiB of log"
        #expect(text([live]).contains("\n  notice        the slot holds back 9 GiB of log\n"))
    }

    @Test func `A flow that is being loaded, and one that waits to try again`() {
        #expect(
            text([Samples.loading, Samples.retrying])
                == """
                copy: loading
                  from          sqlite a.db
                  to            sqlite b.db
                  position      7
                  rate          0/s, 1 change in 1 batch since the start
                  retries       0 since the start
                  dead letters  0

                  TABLE        PHASE                        LOADED      RATE    LEFT  INSERTS  UPDATES  DELETES
                  orders       loading  120,000 / 1,000,000 (12 %)  84,000/s  10.4 s        0        0        0
                  order_lines  waiting                                                      0        0        0

                away: retrying
                  from          sqlite a.db
                  to            sqlite b.db
                  message       b.db: the disk is full; make room, and Tally goes on by itself
                  next attempt  in 3.2 s, after 4 failures
                  rate          0/s, 0 changes in 0 batches since the start
                  retries       4 since the start
                  dead letters  0
                """
        )
    }

    @Test func `A flow that no node runs, and no flow at all`() {
        #expect(
            text([Samples.notRunning])
                == """
                copy: not running
                  from          sqlite a.db
                  to            sqlite b.db
                  position      4
                  dead letters  0

                  TABLE   PHASE  LOADED
                  orders  live    1,000
                """
        )
        #expect(text([]) == "No flows.")
    }

    @Test func `Only a stopped flow is an answer of no`() {
        var stopped = Samples.live
        stopped.phase = .stopped
        #expect(!StatusReport.hasStopped([Samples.live, Samples.retrying, Samples.notRunning]))
        #expect(StatusReport.hasStopped([Samples.live, stopped]))
    }
}
