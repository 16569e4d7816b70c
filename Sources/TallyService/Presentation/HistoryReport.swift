/// What `tally history` prints.
package enum HistoryReport {
    package static func lines(_ history: HistoryDetail) -> [Line] {
        let key = ConflictReport.text(history.key)
        var lines = [Line("\(history.table) \(key)", .strong) + " in group \(history.group)", ""]
        var table = TextTable(
            TextTable.Column(heading: "ENTRY", isNumber: true),
            TextTable.Column(heading: "AUTHOR"),
            TextTable.Column(heading: "COMMITTED"),
            TextTable.Column(heading: "HAD SEEN"),
            TextTable.Column(heading: "OPERATION"),
            TextTable.Column(heading: "CHANGED")
        )
        for version in history.versions {
            var remarks = [Line("→ ", .faint) + Line(version.row.map(ConflictReport.text) ?? "gone", .faint)]
            if !version.conflicts.isEmpty {
                let ids = version.conflicts.map(String.init).joined(separator: ", ")
                remarks.append(Line("conflict \(ids): `tally conflicts show`", .warning))
            }
            table.add(
                Line(Humane.count(Int(version.sequence))),
                Line(version.author),
                Line(version.at.map(Humane.moment) ?? ""),
                Line(sight(of: version)),
                Line(version.operation),
                Line(ConflictReport.text(version.edits)),
                remarks: remarks
            )
        }
        lines += table.lines()
        return lines + ["", Line("\(Humane.count(history.versions.count, "version")).")]
    }

    /// `5`, or `5, not 6` where the row had been written in entry 6 meanwhile.
    private static func sight(of version: HistoryDetail.Version) -> String {
        let base = version.hadSeen == 0 ? "nothing" : Humane.count(Int(version.hadSeen))
        guard !version.notSeen.isEmpty else { return base }
        let entries = version.notSeen.prefix(5).map { Humane.count(Int($0)) }.joined(separator: ", ")
        return "\(base), not \(entries)\(version.notSeen.count > 5 ? ", …" : "")"
    }
}
