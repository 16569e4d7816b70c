import SQLite
import TallyModel

/// What there is to say about the values of cursor columns.
extension PolledFindings {
    func aboutTimes(_ table: PolledTable) throws -> [Finding] {
        var findings: [Finding] = []
        let forms = try forms(of: table)
        if forms.count > 1 {
            findings.append(
                Finding(
                    .warning,
                    table: table.name,
                    "the times in column \(table.cursorName) are written in several forms (\(forms.joined(separator: ", "))), "
                        + "and their order is not the order of time, so polls may not see some rows",
                    remedy: "write all of them in one form"
                )
            )
        }
        if forms.contains(where: { $0.contains("±") }) {
            findings.append(
                Finding(
                    .note,
                    table: table.name,
                    "the times in column \(table.cursorName) carry a zone offset, so each poll after a write to the file "
                        + "reads 12 hours further back than the overlap",
                    remedy: "times in UTC avoid that"
                )
            )
        }
        if let greatest = try table.greatest(rule, now: Timestamp(microseconds: .max / 4), in: connection),
            let place = rule.place(of: greatest), !rule.permitsMark(at: place, now: now)
        {
            findings.append(
                Finding(
                    .warning,
                    table: table.name,
                    "rows have times in the future in column \(table.cursorName); each poll after a write to the file reads "
                        + "them again until their time has come",
                    remedy: "check the clock that stamps them; a time without a zone counts as UTC"
                )
            )
        }
        return findings
    }

    /// The forms in which the column's values are written, described.
    private func forms(of table: PolledTable) throws -> [String] {
        let column = quoted(table.cursorName)
        let rows = try connection.all(
            """
            SELECT DISTINCT typeof(\(column)), CASE WHEN typeof(\(column)) = 'text' THEN substr(\(column), 11, 1) END,
                CASE WHEN typeof(\(column)) <> 'text' THEN NULL WHEN \(column) GLOB '*[Zz]' THEN 'Z'
                    WHEN \(column) GLOB '*:*[-+][0-9][0-9]*' THEN '±hh:mm' ELSE '' END
            FROM \(quoted(table.name.name)) WHERE \(column) IS NOT NULL ORDER BY 1, 2, 3
            """
        )
        return rows.map { row in
            guard case .text(let separator) = row[1], case .text(let zone) = row[2] else {
                return row[0].text == "real" ? "real number" : row[0].text ?? ""
            }
            return "text yyyy-mm-dd" + (separator.isEmpty ? "" : "\(separator == " " ? " " : "T")hh:mm:ss\(zone)")
        }
    }

    func aboutVersions(_ table: PolledTable) throws -> [Finding] {
        let column = quoted(table.cursorName)
        var findings: [Finding] = []
        let others = try count("typeof(\(column)) NOT IN ('integer', 'real', 'null')", of: table)
        if others > 0 {
            findings.append(
                Finding(
                    .warning,
                    table: table.name,
                    "\(others) rows have something other than a number in column \(table.cursorName); every poll reads "
                        + "them again"
                )
            )
        }
        let sums = try connection.first(
            "SELECT count(\(column)), count(DISTINCT \(column)) FROM \(quoted(table.name.name))"
        )
        if case .integer(let rows)? = sums?.first, case .integer(let versions)? = sums?.last, rows >= 10,
            versions * 2 < rows
        {
            findings.append(
                Finding(
                    .warning,
                    table: table.name,
                    "\(rows) rows share \(versions) versions: if column \(table.cursorName) counts the writes of each row "
                        + "by itself, polls do not see most of them",
                    remedy: "use a counter that grows with every write to the table, or `capture: trigger`"
                )
            )
        }
        return findings
    }
}
