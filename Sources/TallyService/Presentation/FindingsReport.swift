package import TallyModel

/// What `tally check` prints.
package enum FindingsReport {
    package static func lines(_ flows: [FlowFindings], _ groups: [GroupFindings] = []) -> [Line] {
        var lines: [Line] = []
        for flow in flows {
            lines.append(Line(flow.flow, .strong) + Line(": \(flow.source) → \(flow.target)"))
            if flow.findings.isEmpty { lines.append("  nothing to mention") }
            for finding in flow.findings.sorted(by: { $0.severity > $1.severity }) { lines += self.lines(of: finding) }
            lines.append("")
        }
        for group in groups { lines += self.lines(of: group) + [""] }
        return lines + [summary(flows, groups)]
    }

    /// Whether something cannot run as it is configured.
    package static func hasErrors(_ flows: [FlowFindings], _ groups: [GroupFindings] = []) -> Bool {
        (flows.flatMap(\.findings) + groups.flatMap { $0.items.map(\.finding) }).contains { $0.severity == .error }
    }

    /// - Parameter place: Where it was found, to stand in front of the table.
    static func lines(of finding: Finding, in place: String = "") -> [Line] {
        let table = place + (finding.table.map { "\($0): " } ?? "")
        let severity = Line("  \(finding.severity.rawValue)", finding.severity.tone).padded(to: 11)
        let remedy = finding.remedy.map { [Line("           to do: \($0)")] } ?? []
        return [severity + Line(table + finding.message)] + remedy
    }

    private static func summary(_ flows: [FlowFindings], _ groups: [GroupFindings]) -> Line {
        let findings = flows.flatMap(\.findings) + groups.flatMap { $0.items.map(\.finding) }
        func count(_ severity: Finding.Severity) -> String {
            let number = findings.count { $0.severity == severity }
            return number == 0 ? "no \(severity.rawValue)s" : Humane.count(number, severity.rawValue)
        }
        let counts = [Finding.Severity.error, .warning, .note].map(count).joined(separator: ", ")
        var things = flows.isEmpty && !groups.isEmpty ? [] : [Humane.count(flows.count, "flow")]
        if !groups.isEmpty { things.append(Humane.count(groups.count, "group")) }
        return Line("\(things.joined(separator: ", ")): \(counts)", hasErrors(flows, groups) ? .bad : .good)
    }

    // MARK: JSON

    private struct List: Encodable {
        let flows: [Flow]
        let groups: [Group]
    }

    private struct Flow: Encodable {
        let flow: String
        let source: String
        let target: String
        let findings: [Item]
    }

    private struct Group: Encodable {
        struct Member: Encodable {
            let name: String
            let label: String
        }

        let group: String
        let members: [Member]
        let findings: [Item]
    }

    private struct Item: Encodable {
        let severity: String
        /// The members that it is about; only in groups.
        var members: [String]?
        let table: String?
        let message: String
        let remedy: String?

        init(_ finding: Finding, members: [String]? = nil) {
            severity = finding.severity.rawValue
            self.members = members
            table = finding.table?.description
            message = finding.message
            remedy = finding.remedy
        }
    }

    package static func json(_ flows: [FlowFindings], _ groups: [GroupFindings] = []) throws -> String {
        let list = List(
            flows: flows.map { flow in
                let items = flow.findings.sorted { $0.severity > $1.severity }.map { Item($0) }
                return Flow(flow: flow.flow, source: flow.source, target: flow.target, findings: items)
            },
            groups: groups.map { group in
                Group(
                    group: group.group,
                    members: group.members.map { Group.Member(name: $0.name, label: $0.label) },
                    findings: group.items.map { Item($0.finding, members: $0.members) }
                )
            }
        )
        return try JSONText.of(list)
    }
}

extension FlowFindings {
    /// Findings that nobody looked for in a store: for tests of what is printed.
    package init(flow: String, from source: String, to target: String, findings: [Finding]) {
        self.init(flow: flow, source: source, target: target, findings: findings)
    }
}

extension Finding.Severity {
    fileprivate var tone: Tone {
        switch self {
        case .note: .faint
        case .warning: .warning
        case .error: .bad
        }
    }
}
