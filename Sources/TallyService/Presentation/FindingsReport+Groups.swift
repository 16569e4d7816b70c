import TallyModel

extension FindingsReport {
    /// What was found about one group.
    static func lines(of group: GroupFindings) -> [Line] {
        let members = group.members.map(\.label).joined(separator: ", ")
        var lines = [Line(group.group, .strong) + Line(": group of \(members)")]
        if group.items.isEmpty { lines.append("  nothing to mention") }
        for item in group.items { lines += self.lines(of: item.finding, in: place(of: item, in: group)) }
        return lines
    }

    private static func place(of item: GroupFindings.Item, in group: GroupFindings) -> String {
        if item.members.isEmpty { return "" }
        return item.members.count == group.members.count
            ? "every member: " : item.members.joined(separator: ", ") + ": "
    }
}
