import Testing
import TallyGroup
import TallyService

@Suite struct GroupReportTests {
    /// A group of three: one is fine, one is late and its clock ahead, one is away.
    private static let carts: GroupStatus = {
        var status = GroupStatus(
            group: "carts",
            members: ["eu", "us", "edge"].map { GroupStatus.Member(name: $0, label: "\($0) (\($0).db)", phase: .live) }
        )
        status.sequence = 1042
        status.resolved = 3
        status.waiting = 1
        status.ledgerBytes = 4096
        status.objectiveSeconds = 2
        status.skewSeconds = 60
        for place in status.members.indices { status.members[place].applied = 1042 }
        status.members[0].captured = "88"
        status.members[0].lagSeconds = 0.012
        status.members[0].worstLagSeconds = 1.5
        status.members[0].clockSeconds = -1.5
        status.members[1].captured = "7"
        status.members[1].lagSeconds = 0.5
        status.members[1].worstLagSeconds = 3
        status.members[1].clockSeconds = 602
        status.members[1].rows = 1200
        status.members[2].phase = .retrying
        status.members[2].message = "edge.db: the file is not there"
        status.members[2].applied = 900
        status.members[2].lagSeconds = 4000
        status.members[2].refused = 2
        return status
    }()

    private func text(_ lines: [Line]) -> String { lines.map(\.text).joined(separator: "\n") }

    @Test func `Lags are judged by the objective, and a clock that is ahead is named`() {
        #expect(
            text(StatusReport.lines([], [Self.carts]))
                == """
                carts: group of 3 members
                  ledger        at 1,042, 4 KiB
                  conflicts     3 resolved, 1 waiting: `tally conflicts list`
                  lag           objective 2.0 s, missed by us (3.0 s), edge (1 h 6 m)

                  MEMBER          PHASE     CAPTURED TO  APPLIED TO      LAG      CLOCK   ROWS  REFUSED
                  eu (eu.db)      live      88                1,042    12 ms     -1.5 s
                  us (us.db)      live      7                 1,042   500 ms  +10 m 2 s  1,200
                    its clock is 10 m 2 s ahead, and the group allows 1 m 0 s (`skew`): its times are cut off there, and until \
                then its writes win over later ones of other members; have the machines keep their clocks by NTP (chrony, \
                systemd-timesyncd)
                  edge (edge.db)  retrying                      900  1 h 6 m                          2
                    edge.db: the file is not there
                """
        )
    }

    @Test func `Where nothing runs it is said where that comes from, and without an objective nothing is judged`() {
        var status = Self.carts
        status.objectiveSeconds = nil
        for place in status.members.indices { status.members[place].phase = .notRunning }
        let lines = text(StatusReport.lines([], [status]))
        #expect(lines.contains("\n  source        the ledger and the members themselves, for nothing runs the group\n"))
        #expect(!lines.contains("objective"))
        status.ledgerBytes = 0
        #expect(text(StatusReport.lines([], [status])).contains("nothing yet: the first `tally run` begins the group"))
    }

    @Test func `The block of a run has a line for each group and each of its members`() {
        #expect(
            text(ProgressBlock.lines([Samples.retrying], [Self.carts]))
                == """
                away   retrying  0/s  0 changes  b.db: the disk is full; make room, and Tally goes on by itself
                carts  2 of 3 members live  ledger at 1,042  3 conflicts resolved  1 waiting
                  eu    live      lag 12 ms
                  us    live      lag 500 ms  1,200 rows  clock +10 m 2 s
                  edge  retrying  at 900  lag 1 h 6 m  2 refused  edge.db: the file is not there
                """
        )
    }
}
