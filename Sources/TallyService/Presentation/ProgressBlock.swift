package import TallyEngine
package import TallyGroup

/// The few lines that `tally run` keeps up to date on a terminal.
package enum ProgressBlock {
    private static let barWidth = 20
    /// Tables being loaded that are shown for each flow; of more, only how many.
    private static let mostTables = 6

    package static func lines(_ flows: [FlowStatus], _ groups: [GroupStatus] = []) -> [Line] {
        let width = (flows.map(\.flow.count) + groups.map(\.group.count)).max() ?? 0
        return flows.flatMap { lines(of: $0, nameWidth: width) } + groups.flatMap { lines(of: $0, nameWidth: width) }
    }

    private static func lines(of status: FlowStatus, nameWidth: Int) -> [Line] {
        var parts = [Line(status.phase.words, status.phase.tone).padded(to: 8)]
        if let lag = status.lagSeconds, status.phase == .live {
            parts.append("lag " + Line(Humane.span(seconds: lag), status.lagTone))
        }
        parts.append(Line(Humane.rate(status.changesPerSecond)))
        parts.append(Line(Humane.count(status.changes, "change")))
        if status.deadLetters > 0 { parts.append(Line(Humane.count(status.deadLetters, "dead letter"), .warning)) }
        let paused = status.tables.count { $0.phase == .paused }
        if paused > 0 { parts.append(Line("\(Humane.count(paused, "table")) paused", .warning)) }
        if let message = status.message { parts.append(Line(message, .bad)) }

        let name = Line(status.flow, .strong).padded(to: nameWidth)
        let loading = status.tables.filter { $0.phase == .loading }
        let tables = loading.prefix(mostTables)
        let tableWidth = tables.map(\.table.count).max() ?? 0
        var lines = [parts.reduce(name) { $0 + "  " + $1 }]
        lines += tables.map { line(of: $0, nameWidth: tableWidth) }
        if loading.count > mostTables {
            lines.append(Line("  and \(Humane.count(loading.count - mostTables)) more", .faint))
        }
        return lines
    }

    private static func line(of table: TableStatus, nameWidth: Int) -> Line {
        var line = "  " + Line(table.table).padded(to: nameWidth) + "  "
        if let total = table.rowsTotal {
            line += bar(table.rowsLoaded, of: total)
            line += Line(" \(Humane.percent(table.rowsLoaded, of: total))".padded(to: 7))
            line += Line("\(Humane.count(table.rowsLoaded)) / \(Humane.count(total)) rows")
        } else {
            line += Line("\(Humane.count(table.rowsLoaded)) rows")
        }
        if let rate = table.rowsPerSecond { line += Line("  \(Humane.rate(rate))") }
        if let seconds = table.secondsLeft { line += Line("  \(Humane.span(seconds: seconds)) left") }
        return line
    }

    private static func bar(_ part: Int, of whole: Int) -> Line {
        let full = whole > 0 ? min(barWidth, Int(Double(part) / Double(whole) * Double(barWidth))) : barWidth
        return Line(String(repeating: "█", count: full), .good)
            + Line(String(repeating: "░", count: barWidth - full), .faint)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
