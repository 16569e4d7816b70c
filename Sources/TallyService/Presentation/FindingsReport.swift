package import TallyModel

/// What `tally check` prints.
package enum FindingsReport {
    package static func lines(_ flows: [FlowFindings]) -> [Line] {
        var lines: [Line] = []
        for flow in flows {
            lines.append(Line(flow.flow, .strong) + Line(": \(flow.source) → \(flow.target)"))
            if flow.findings.isEmpty { lines.append("  nothing to mention") }
            for finding in flow.findings.sorted(by: { $0.severity > $1.severity }) { lines += self.lines(of: finding) }
            lines.append("")
        }
        return lines + [summary(flows)]
    }

    /// Whether something cannot run as it is configured.
    package static func hasErrors(_ flows: [FlowFindings]) -> Bool {
        flows.contains { flow in flow.findings.contains { $0.severity == .error } }
    }

    private static func lines(of finding: Finding) -> [Line] {
        let table = finding.table.map { "\($0): " } ?? ""
        let severity = Line("  \(finding.severity.rawValue)", finding.severity.tone).padded(to: 11)
        let remedy = finding.remedy.map { [Line("           to do: \($0)")] } ?? []
        return [severity + Line(table + finding.message)] + remedy
    }

    private static func summary(_ flows: [FlowFindings]) -> Line {
        let findings = flows.flatMap(\.findings)
        func count(_ severity: Finding.Severity) -> String {
            let number = findings.count { $0.severity == severity }
            return number == 0 ? "no \(severity.rawValue)s" : Humane.count(number, severity.rawValue)
        }
        let counts = [Finding.Severity.error, .warning, .note].map(count).joined(separator: ", ")
        return Line("\(Humane.count(flows.count, "flow")): \(counts)", hasErrors(flows) ? .bad : .good)
    }

    // MARK: JSON

    private struct List: Encodable {
        let flows: [Flow]
    }

    private struct Flow: Encodable {
        let flow: String
        let source: String
        let target: String
        let findings: [Item]
    }

    private struct Item: Encodable {
        let severity: String
        let table: String?
        let message: String
        let remedy: String?
    }

    package static func json(_ flows: [FlowFindings]) throws -> String {
        let list = List(
            flows: flows.map { flow in
                let items = flow.findings.sorted { $0.severity > $1.severity }.map { finding in
                    Item(
                        severity: finding.severity.rawValue,
                        table: finding.table?.description,
                        message: finding.message,
                        remedy: finding.remedy
                    )
                }
                return Flow(flow: flow.flow, source: flow.source, target: flow.target, findings: items)
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
