/// What the `tally conflicts` commands print.
package enum ConflictReport {
    package static func lines(_ conflicts: [ConflictDetail]) -> [Line] {
        guard !conflicts.isEmpty else { return ["No conflicts."] }
        var table = TextTable(
            TextTable.Column(heading: "ID", isNumber: true),
            TextTable.Column(heading: "GROUP"),
            TextTable.Column(heading: "TABLE"),
            TextTable.Column(heading: "KEY"),
            TextTable.Column(heading: "COLUMN"),
            TextTable.Column(heading: "POLICY"),
            TextTable.Column(heading: "STATE"),
            TextTable.Column(heading: "WRITTEN")
        )
        for conflict in conflicts {
            table.add(
                Line(String(conflict.id)),
                Line(conflict.group),
                Line(conflict.table),
                Line(text(conflict.key)),
                Line(conflict.column ?? "the row"),
                Line(conflict.policy),
                Line(conflict.state, tone(of: conflict.state)),
                Line(Humane.moment(conflict.at)),
                remarks: [Line(gist(of: conflict), .faint)]
            )
        }
        var end = "\(Humane.count(conflicts.count, "conflict"))"
        let waiting = conflicts.count { $0.state == "waiting" }
        if waiting > 0 { end += ", \(Humane.count(waiting)) waiting for a person" }
        return table.lines() + ["", Line(end + ".")]
    }

    package static func lines(_ conflict: ConflictDetail) -> [Line] {
        var lines = [Line("conflict \(conflict.id)", .strong) + " in group \(conflict.group)"]
        func add(_ name: String, _ value: Line) {
            lines.append(Line("  \(name)", .faint).padded(to: 12) + value)
        }
        add("table", Line(conflict.table))
        add("key", Line(text(conflict.key)))
        add("column", Line(conflict.column ?? "none: a delete met other writes of the row"))
        add("policy", Line(conflict.policy))
        add("state", Line(conflict.state, tone(of: conflict.state)))
        if let decision = conflict.decision {
            add("decided", Line(decision + (conflict.decidedAt.map { " at \(Humane.moment($0))" } ?? "")))
        }
        add("arose", Line("with entry \(conflict.sequence) of the ledger"))
        if let whole = conflict.partOf {
            add("part of", Line("conflict \(whole), since another write joined it", .warning))
        }
        if let parts = conflict.parts {
            add(
                "joins",
                Line("conflict\(parts.count == 1 ? "" : "s") " + parts.map(String.init).joined(separator: ", "))
            )
        }
        add("base", Line(base(of: conflict)))
        lines.append("")
        lines += versions(of: conflict).lines(indent: 2)
        lines.append("")
        add("result", Line(result(of: conflict)))
        if let row = conflict.result { add("row", Line(text(row))) }
        if conflict.state == "waiting" {
            let id = conflict.id
            lines.append("")
            lines.append(
                Line(
                    "  Waits for you: `tally conflicts resolve \(id) --keep MEMBER`, or `--set COLUMN=VALUE`.",
                    .warning
                )
            )
        }
        return lines
    }

    /// What to say when a conflict was decided.
    ///
    /// - Parameter isOffline: Whether no node runs that would bring the decision to the members at once.
    package static func lines(decided conflict: ConflictDetail, isOffline: Bool) -> [Line] {
        let when = isOffline ? "The members get it with the next `tally run`." : "The members are being brought to it."
        return [
            Line("Conflict \(conflict.id) is \(conflict.state): \(conflict.decision ?? "decided").", .good), Line(when),
        ]
    }

    // MARK: Words

    private static func tone(of state: String) -> Tone {
        switch state {
        case "waiting": .warning
        case "resolved": .good
        default: .plain
        }
    }

    /// `eu wrote 7, us wrote 8: it became 8; undone: kept eu`.
    private static func gist(of conflict: ConflictDetail) -> String {
        let parts = conflict.versions.map { "\($0.member) \(deed($0, conflict.column))" }
        let provisional = conflict.state == "waiting" ? "for now it is" : "it became"
        let end = conflict.column == nil ? result(of: conflict) : "\(provisional) \(result(of: conflict))"
        let decision = conflict.decision.map { "; \(conflict.state): \($0)" } ?? ""
        return "\(parts.joined(separator: ", ")): \(end)\(decision)"
    }

    private static func deed(_ version: ConflictDetail.Version, _ column: String?) -> String {
        guard let column else {
            switch version.operation {
            case "delete": return "deleted it"
            case "insert": return "inserted it"
            default: return "updated it"
            }
        }
        let value = version.edits.first { $0.column == column }?.after
        return "wrote \(value ?? "nothing")"
    }

    private static func result(of conflict: ConflictDetail) -> String {
        guard let column = conflict.column else { return conflict.result == nil ? "the row is gone" : "the row stays" }
        guard let row = conflict.result else { return "gone" }
        return row.first { $0.column == column }?.value ?? "absent"
    }

    private static func base(of conflict: ConflictDetail) -> String {
        guard let base = conflict.base else { return "no row that all of them had seen" }
        guard let column = conflict.column else { return text(base) }
        return base.first { $0.column == column }?.value ?? "absent"
    }

    private static func versions(of conflict: ConflictDetail) -> TextTable {
        var table = TextTable(
            TextTable.Column(heading: "MEMBER"),
            TextTable.Column(heading: "WRITTEN"),
            TextTable.Column(heading: "ENTRY", isNumber: true),
            TextTable.Column(heading: "HAD SEEN", isNumber: true),
            TextTable.Column(heading: "OPERATION"),
            TextTable.Column(heading: "CHANGED"),
            TextTable.Column(heading: "")
        )
        let standing = conflict.state == "waiting" ? "stands for now" : "stands"
        for version in conflict.versions {
            table.add(
                Line(version.member),
                Line(Humane.moment(version.at)),
                Line(version.entry.map { Humane.count(Int($0)) } ?? ""),
                Line(version.hadSeen.map { Humane.count(Int($0)) } ?? ""),
                Line(version.operation),
                Line(text(version.edits)),
                Line(version.stands ? standing : "", .good)
            )
        }
        return table
    }

    static func text(_ cells: [DeadLetterDetail.Cell]) -> String {
        cells.map { "\($0.column) = \($0.value ?? "?")" }.joined(separator: ", ")
    }

    /// `quantity: 3 → 5, note = 'new'`.
    static func text(_ edits: [ConflictDetail.Edit]) -> String {
        edits.map { edit in
            let after = edit.after ?? "?"
            return edit.before.map { "\(edit.column): \($0) → \(after)" } ?? "\(edit.column) = \(after)"
        }.joined(separator: ", ")
    }
}
