package import TallyGroup
import TallyModel

/// What `tally status` prints of groups.
package enum GroupReport {
    package static func lines(_ statuses: [GroupStatus]) -> [Line] {
        Array(statuses.map(lines(of:)).joined(separator: [""]))
    }

    /// Whether some member cannot go on by itself.
    package static func hasStopped(_ statuses: [GroupStatus]) -> Bool {
        statuses.contains { $0.members.contains { $0.phase == .stopped } }
    }

    private static func lines(of status: GroupStatus) -> [Line] {
        var lines = [Line(status.group, .strong) + ": group of \(Humane.count(status.members.count, "member"))"]
        func add(_ name: String, _ value: Line) {
            lines.append(Line("  \(name)", .faint).padded(to: 16) + value)
        }
        let size = ByteCount(status.ledgerBytes)
        add("ledger", Line("at \(Humane.count(Int(status.sequence))), \(size)"))
        var conflicts = Line("\(Humane.count(status.resolved)) resolved")
        if status.waiting > 0 {
            conflicts += ", " + Line("\(Humane.count(status.waiting)) waiting: `tally conflicts list`", .warning)
        }
        add("conflicts", conflicts)
        lines.append("")
        return lines + members(of: status).lines(indent: 2)
    }

    private static func members(of status: GroupStatus) -> TextTable {
        var text = TextTable(
            TextTable.Column(heading: "MEMBER"),
            TextTable.Column(heading: "PHASE"),
            TextTable.Column(heading: "CAPTURED TO"),
            TextTable.Column(heading: "APPLIED TO", isNumber: true),
            TextTable.Column(heading: "LAG", isNumber: true),
            TextTable.Column(heading: "ROWS", isNumber: true),
            TextTable.Column(heading: "REFUSED", isNumber: true)
        )
        for member in status.members {
            text.add(
                Line(member.label),
                Line(member.phase.rawValue, member.phase.tone),
                Line(member.captured ?? ""),
                Line(Humane.count(Int(member.applied))),
                Line(member.lagSeconds.map(Humane.span(seconds:)) ?? ""),
                Line(member.rows == 0 ? "" : Humane.count(member.rows)),
                Line(member.refused == 0 ? "" : Humane.count(member.refused), .warning),
                remarks: (member.message.map { [Line($0, member.phase == .stopped ? .bad : .warning)] } ?? [])
                    + member.notices.map { Line($0, .warning) }
            )
        }
        return text
    }
}

extension GroupStatus.Phase {
    var tone: Tone {
        switch self {
        case .live, .finished: .good
        case .starting, .joining, .notRunning: .plain
        case .retrying: .warning
        case .stopped: .bad
        }
    }
}
