import TallyLedger

/// What `tally rebuild` prints.
package enum RebuildReport {
    /// What there is, and what a rebuild would mean.
    package static func plan(_ detail: RebuildDetail) -> [Line] {
        var lines = [condition(of: detail)]
        lines.append(
            Line("A rebuild keeps that file aside and gives the group a new ledger. The next `tally run` then")
        )
        lines.append(
            "  - compares what all members hold, row by row; what they wrote and others have not got yet is kept"
        )
        lines.append(
            "  - where members differ, has the policies decide, \(detail.seed) (the seed) first; each difference is a conflict"
        )
        lines.append(
            "  - has rows come back that were deleted in one member and not yet in another: nothing knows of the delete"
        )
        return lines + losses(of: detail.found)
    }

    /// What was done, and what comes next.
    package static func result(_ detail: RebuildDetail) -> [Line] {
        var lines = [condition(of: detail)]
        if let aside = detail.aside { lines.append("Kept it aside: \(aside)") }
        lines.append("Made a new ledger for group \(detail.group): \(detail.ledger)")
        lines += losses(of: detail.found)
        lines.append(
            "Next: `tally run` (or `tally run --once`) compares the members and fills it; until then they stay as they are."
        )
        lines.append("Then: `tally conflicts list` shows every difference that there was, and what was made of it.")
        return lines
    }

    private static func condition(of detail: RebuildDetail) -> Line {
        switch detail.found.condition {
        case .missing: "Group \(detail.group) has no ledger (\(detail.ledger))."
        case .whole: "The ledger of group \(detail.group) can be read: nothing is wrong with \(detail.ledger)."
        case .damaged(let reason): "The ledger of group \(detail.group) is damaged: \(detail.ledger): \(reason)."
        }
    }

    private static func losses(of found: LedgerSurvey) -> [Line] {
        if found.condition == .missing { return [] }
        var losses = ["what rows have been (`tally history`)"]
        if let entries = found.entries { losses[0] = "\(Humane.count(entries)) entries of history (`tally history`)" }
        if let conflicts = found.conflicts {
            let waiting = conflicts[.waiting] ?? 0
            losses.append(
                "\(Humane.count(conflicts.values.reduce(0, +))) conflicts, \(Humane.count(waiting)) of them waiting for a person"
            )
        } else {
            losses.append("its conflicts, which cannot be read")
        }
        return [Line("  Not taken over from the old ledger: \(losses.joined(separator: "; "))")]
    }
}
