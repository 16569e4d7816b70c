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
        let waiting = conflicts.filter { $0.state == "waiting" }
        let kept = waiting.count { $0.constraint != nil }
        if waiting.count > kept { end += ", \(Humane.count(waiting.count - kept)) waiting for a person" }
        if kept > 0 { end += ", \(Humane.count(kept)) waiting for what is in the way to give way" }
        return table.lines() + ["", Line(end + ".")]
    }

    package static func lines(_ conflict: ConflictDetail) -> [Line] {
        var lines = [Line("conflict \(conflict.id)", .strong) + " in group \(conflict.group)"]
        func add(_ name: String, _ value: Line) {
            lines.append(Line("  \(name)", .faint).padded(to: 12) + value)
        }
        add("table", Line(conflict.table))
        add("key", Line(text(conflict.key)))
        if let constraint = conflict.constraint {
            add("rule", Line(conflict.policy))
            if let other = other(of: constraint) {
                add(Self.relation(constraint.kind), Line(other))
            }
            if let member = constraint.member {
                add("found by", Line(member + (constraint.said.map { ": \($0)" } ?? "")))
            }
        } else {
            add("column", Line(conflict.column ?? "none: a delete met other writes of the row"))
            add("policy", Line(conflict.policy))
        }
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
        if conflict.state == "waiting", let constraint = conflict.constraint {
            lines += ["", Line("  " + remedy(conflict, constraint), .warning)]
        } else if conflict.state == "waiting" {
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
        if let constraint = conflict.constraint { return gist(of: conflict, constraint) }
        let parts = conflict.versions.map { "\($0.member) \(deed($0, conflict.column))" }
        let provisional = conflict.state == "waiting" ? "for now it is" : "it became"
        let end = conflict.column == nil ? result(of: conflict) : "\(provisional) \(result(of: conflict))"
        let decision = conflict.decision.map { "; \(conflict.state): \($0)" } ?? ""
        return "\(parts.joined(separator: ", ")): \(end)\(decision)"
    }

    /// `us inserted it; users id = 1 has the same: it is kept out of every member until that gives way`.
    private static func gist(of conflict: ConflictDetail, _ constraint: ConflictDetail.Constraint) -> String {
        let deeds = conflict.versions.map { "\($0.member) \(deed($0, nil))" }.joined(separator: ", ")
        let begin = deeds.isEmpty ? "" : "\(deeds); "
        let other = other(of: constraint) ?? "another row"
        let state = conflict.state == "waiting" ? "" : " (\(conflict.state))"
        switch constraint.kind {
        case "unique":
            let end = conflict.result == nil ? "kept out of every member" : "every member keeps what it was before"
            return "\(begin)\(other) has the same: \(end)\(state)"
        case "parent": return "\(begin)\(other) is not there: kept out of every member\(state)"
        case "reference":
            let columns = constraint.columns.joined(separator: ", ")
            return "\(begin)\(other) had what \(columns) names, and no row has it now: kept out of every member\(state)"
        case "row": return "\(begin)what merging makes of it breaks a rule: the last write is kept back\(state)"
        default: return "\(constraint.member ?? "a member") refuses it: \(constraint.name ?? "no reason given")\(state)"
        }
    }

    private static func other(of constraint: ConflictDetail.Constraint) -> String? {
        guard let table = constraint.table, let key = constraint.key else { return nil }
        return "\(table) \(text(key))"
    }

    /// What the other row is to the one that is kept out.
    private static func relation(_ kind: String) -> String {
        switch kind {
        case "parent": "misses"
        case "reference": "had it"
        default: "clashes"
        }
    }

    /// What ends a constraint's conflict.
    private static func remedy(_ conflict: ConflictDetail, _ constraint: ConflictDetail.Constraint) -> String {
        let set = "`tally conflicts resolve \(conflict.id) --set COLUMN=VALUE`"
        return switch constraint.kind {
        case "unique": "It comes by itself when the other row gives way; \(set) gives it other values."
        case "reference": "It comes by itself when a row has what it refers to; \(set) has it refer to another."
        case "parent": "It comes by itself when the row that it refers to is there; \(set) has it refer to another."
        case "row": "It stays so until somebody writes these columns; \(set) does."
        default: "It is tried again now and then; mend the row, or the rule in that member."
        }
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

extension ConflictDetail.Constraint {
    /// What the member says, where it alone does without the row.
    fileprivate var said: String? { kind == "refused" ? name : nil }
}
