import TallyGroup

extension ProgressBlock {
    /// A line for the group, and one for each member beneath it.
    static func lines(of status: GroupStatus, nameWidth: Int) -> [Line] {
        let live = status.members.count { $0.phase == .live || $0.phase == .finished }
        let isWhole = live == status.members.count
        var parts = [
            Line("\(live) of \(Humane.count(status.members.count, "member")) live", isWhole ? .good : .plain),
            Line("ledger at \(Humane.count(Int(status.sequence)))"),
        ]
        if status.resolved > 0 { parts.append(Line("\(Humane.count(status.resolved, "conflict")) resolved")) }
        if status.waiting > 0 { parts.append(Line("\(Humane.count(status.waiting)) waiting", .warning)) }
        let name = Line(status.group, .strong).padded(to: nameWidth)
        let memberWidth = status.members.map(\.name.count).max() ?? 0
        return [parts.reduce(name) { $0 + "  " + $1 }]
            + status.members.map { line(of: $0, in: status, nameWidth: memberWidth) }
    }

    private static func line(of member: GroupStatus.Member, in status: GroupStatus, nameWidth: Int) -> Line {
        var parts = [Line(member.phase.rawValue, member.phase.tone).padded(to: 8)]
        if member.applied < status.sequence { parts.append(Line("at \(Humane.count(Int(member.applied)))")) }
        if let lag = member.lagSeconds {
            parts.append("lag " + Line(Humane.span(seconds: lag), member.lagTone(status.objectiveSeconds)))
        }
        if member.rows > 0 { parts.append(Line(Humane.count(member.rows, "row"))) }
        if member.refused > 0 { parts.append(Line("\(Humane.count(member.refused)) refused", .warning)) }
        if let clock = member.clockSeconds, member.clockWords(skew: status.skewSeconds) != nil {
            parts.append(Line("clock \(Humane.offset(seconds: clock))", .bad))
        }
        if let message = member.message { parts.append(Line(message, member.phase == .stopped ? .bad : .warning)) }
        return parts.reduce("  " + Line(member.name).padded(to: nameWidth)) { $0 + "  " + $1 }.withoutTrailingBlanks
    }
}
