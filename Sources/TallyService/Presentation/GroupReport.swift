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
        if let objective = status.objectiveSeconds { add("lag", lag(status, objective)) }
        if status.members.allSatisfy({ $0.phase == .notRunning }) {
            let words = "the ledger and the members themselves, for nothing runs the group"
            add("source", Line(status.ledgerBytes > 0 ? words : "nothing yet: the first `tally run` begins the group"))
        }
        lines.append("")
        return lines + members(of: status).lines(indent: 2)
    }

    private static func lag(_ status: GroupStatus, _ objective: Double) -> Line {
        let missing = status.members.filter { $0.misses(objective) }
        let line = Line("objective \(Humane.span(seconds: objective))")
        guard !missing.isEmpty else { return line }
        let names = missing.map { "\($0.name) (\(Humane.span(seconds: $0.worst)))" }.joined(separator: ", ")
        return line + ", " + Line("missed by \(names)", .bad)
    }

    private static func members(of status: GroupStatus) -> TextTable {
        var text = TextTable(
            TextTable.Column(heading: "MEMBER"),
            TextTable.Column(heading: "PHASE"),
            TextTable.Column(heading: "CAPTURED TO"),
            TextTable.Column(heading: "APPLIED TO", isNumber: true),
            TextTable.Column(heading: "LAG", isNumber: true),
            TextTable.Column(heading: "CLOCK", isNumber: true),
            TextTable.Column(heading: "ROWS", isNumber: true),
            TextTable.Column(heading: "REFUSED", isNumber: true)
        )
        for member in status.members {
            text.add(
                Line(member.label),
                Line(member.phase.rawValue, member.phase.tone),
                Line(member.captured ?? ""),
                Line(Humane.count(Int(member.applied))),
                Line(member.lagSeconds.map(Humane.span(seconds:)) ?? "", member.lagTone(status.objectiveSeconds)),
                Line(member.clockSeconds.map(Humane.offset(seconds:)) ?? "", member.clockTone(status.skewSeconds)),
                Line(member.rows == 0 ? "" : Humane.count(member.rows)),
                Line(member.refused == 0 ? "" : Humane.count(member.refused), .warning),
                remarks: remarks(on: member, skew: status.skewSeconds) + member.notices.map { Line($0, .warning) }
            )
        }
        return text
    }

    private static func remarks(on member: GroupStatus.Member, skew: Double?) -> [Line] {
        var remarks = member.message.map { [Line($0, member.phase == .stopped ? .bad : .warning)] } ?? []
        if let notice = member.notice { remarks.append(Line(notice, .warning)) }
        if let words = member.clockWords(skew: skew) { remarks.append(Line(words, .bad)) }
        return remarks
    }
}
