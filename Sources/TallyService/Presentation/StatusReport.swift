package import TallyEngine
package import TallyGroup

/// What `tally status` prints.
package enum StatusReport {
    package static func lines(_ statuses: [FlowStatus], _ groups: [GroupStatus] = []) -> [Line] {
        guard !statuses.isEmpty || !groups.isEmpty else { return ["No flows."] }
        let parts = statuses.map(lines(of:)) + groups.map { GroupReport.lines([$0]) }
        return Array(parts.joined(separator: [""]))
    }

    /// Whether some flow was ended by an error that no retry can mend.
    package static func hasStopped(_ statuses: [FlowStatus]) -> Bool {
        statuses.contains { $0.phase == .stopped }
    }

    private static func lines(of status: FlowStatus) -> [Line] {
        var lines = [Line(status.flow, .strong) + ": " + Line(status.phase.words, status.phase.tone)]
        func add(_ name: String, _ value: Line?) {
            if let value { lines.append(Line("  \(name)", .faint).padded(to: 16) + value) }
        }
        add("from", Line(status.source))
        add("to", Line(status.target))
        add("message", status.message.map { Line($0, [.paused, .live].contains(status.phase) ? .warning : .bad) })
        add("notice", status.notice.map { Line($0, .warning) })
        add("next attempt", nextAttempt(status))
        add("position", status.position.map { Line($0) })
        add("lag", lag(status))
        add("rate", rate(status))
        if status.phase != .notRunning { add("retries", Line("\(Humane.count(status.retries)) since the start")) }
        if status.mended > 0 { add("mended", Line("\(Humane.count(status.mended, "row")) found other than expected")) }
        add("dead letters", Line(Humane.count(status.deadLetters), status.deadLetters > 0 ? .warning : .plain))
        if !status.tables.isEmpty {
            lines.append("")
            lines += tables(of: status).lines(indent: 2)
        }
        return lines
    }

    private static func nextAttempt(_ status: FlowStatus) -> Line? {
        guard status.phase == .retrying, let seconds = status.secondsToNextAttempt else { return nil }
        return Line("in \(Humane.span(seconds: seconds)), after \(Humane.count(status.attempts, "failure"))")
    }

    private static func lag(_ status: FlowStatus) -> Line? {
        guard status.lagSeconds != nil || status.worstLagSeconds != nil || status.objectiveSeconds != nil else {
            return nil
        }
        var parts: [Line] = []
        if let lag = status.lagSeconds { parts.append(Line(Humane.span(seconds: lag), status.lagTone)) }
        if let worst = status.worstLagSeconds {
            parts.append(Line("worst of the last minute \(Humane.span(seconds: worst))"))
        }
        if let objective = status.objectiveSeconds {
            var part = Line("objective \(Humane.span(seconds: objective))")
            if status.missesObjective { part += " " + Line("missed", .bad) }
            parts.append(part)
        }
        return parts.dropFirst().reduce(parts[0]) { $0 + ", " + $1 }
    }

    private static func rate(_ status: FlowStatus) -> Line? {
        guard status.phase != .notRunning else { return nil }
        let (changes, batches) = (Humane.count(status.changes, "change"), Humane.count(status.batches))
        return Line(
            "\(Humane.rate(status.changesPerSecond)), \(changes) in \(batches) batch\(status.batches == 1 ? "" : "es") since the start"
        )
    }

    // MARK: Tables

    private static func tables(of status: FlowStatus) -> TextTable {
        // What was counted since the start of a node means nothing without one.
        func counted(_ number: Int) -> Line { Line(status.phase == .notRunning ? "" : Humane.count(number)) }
        var text = TextTable(
            TextTable.Column(heading: "TABLE"),
            TextTable.Column(heading: "PHASE"),
            TextTable.Column(heading: "LOADED", isNumber: true),
            TextTable.Column(heading: "RATE", isNumber: true),
            TextTable.Column(heading: "LEFT", isNumber: true),
            TextTable.Column(heading: "INSERTS", isNumber: true),
            TextTable.Column(heading: "UPDATES", isNumber: true),
            TextTable.Column(heading: "DELETES", isNumber: true),
            TextTable.Column(heading: "DEAD LETTERS", isNumber: true)
        )
        for table in status.tables {
            let isLoading = table.phase == .loading
            text.add(
                Line(table.table == table.target ? table.table : "\(table.table) → \(table.target)"),
                Line(table.phase.words, table.phase.tone),
                Line(table.loaded),
                Line(isLoading ? table.rowsPerSecond.map(Humane.rate) ?? "" : ""),
                Line(isLoading ? table.secondsLeft.map(Humane.span(seconds:)) ?? "" : ""),
                counted(table.inserts),
                counted(table.updates),
                counted(table.deletes),
                Line(table.deadLetters == 0 ? "" : Humane.count(table.deadLetters), .warning),
                remarks: table.message.map { [Line($0, table.phase == .paused ? .warning : .plain)] } ?? []
            )
        }
        return text
    }
}
