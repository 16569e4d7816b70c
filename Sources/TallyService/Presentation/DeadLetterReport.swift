/// What the `tally dead-letters` commands print.
package enum DeadLetterReport {
    package static func lines(_ letters: [DeadLetterSummary]) -> [Line] {
        guard !letters.isEmpty else { return ["No dead letters."] }
        var table = TextTable(
            TextTable.Column(heading: "ID", isNumber: true),
            TextTable.Column(heading: "FLOW"),
            TextTable.Column(heading: "TABLE"),
            TextTable.Column(heading: "OPERATION"),
            TextTable.Column(heading: "CHANGES", isNumber: true),
            TextTable.Column(heading: "FIRST SEEN"),
            TextTable.Column(heading: "LAST SEEN"),
            TextTable.Column(heading: "POSITION", isNumber: true)
        )
        for letter in letters {
            table.add(
                Line(String(letter.id)),
                Line(letter.flow),
                Line(letter.table),
                Line(letter.operation),
                Line(Humane.count(letter.changes)),
                Line(Humane.moment(letter.firstSeen)),
                Line(Humane.moment(letter.lastSeen)),
                Line(letter.position),
                remarks: [Line(letter.reason, .warning)]
            )
        }
        return table.lines() + ["", Line("\(Humane.count(letters.count, "dead letter")).")]
    }

    package static func lines(_ letter: DeadLetterDetail) -> [Line] {
        let summary = letter.summary
        var lines = [Line("dead letter \(summary.id)", .strong)]
        func add(_ name: String, _ value: String, _ tone: Tone = .plain) {
            lines.append(Line("  \(name)", .faint).padded(to: 14) + Line(value, tone))
        }
        add("flow", summary.flow)
        add("table", summary.table)
        add("operation", summary.operation)
        add("reason", summary.reason, .warning)
        add("changes", Humane.count(summary.changes))
        add("first seen", Humane.moment(summary.firstSeen))
        add("last seen", Humane.moment(summary.lastSeen))
        add("position", summary.position)
        add("key", text(letter.key))
        if let formerKey = letter.formerKey { add("former key", text(formerKey)) }
        if let values = letter.values {
            lines.append(Line("  values", .faint))
            let width = values.map(\.column.count).max() ?? 0
            for cell in values {
                let value = cell.value.map { Line($0) } ?? Line("the source did not say", .faint)
                lines.append("    " + Line(cell.column).padded(to: width) + "  " + value)
            }
        } else {
            add("columns", letter.columns.joined(separator: ", "))
        }
        return lines
    }

    /// - Parameter verb: What became of the letters that are gone: `taken`, `discarded`.
    package static func lines(_ result: LetterResult, verb: String) -> [Line] {
        guard !result.settled.isEmpty || !result.refused.isEmpty else { return ["No dead letters."] }
        var lines: [Line] = []
        if !result.settled.isEmpty {
            lines.append(Line("\(Humane.count(result.settled.count, "dead letter")) \(verb).", .good))
        }
        if !result.refused.isEmpty {
            let ids = result.refused.prefix(20).map(String.init).joined(separator: ", ")
            let more = result.refused.count > 20 ? ", …" : ""
            lines.append(
                Line("\(Humane.count(result.refused.count, "dead letter")) refused again: \(ids)\(more)", .bad)
            )
        }
        return lines
    }

    private static func text(_ cells: [DeadLetterDetail.Cell]) -> String {
        cells.map { "\($0.column) = \($0.value ?? "?")" }.joined(separator: ", ")
    }
}
