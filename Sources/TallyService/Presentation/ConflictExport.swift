/// Conflicts as other programs take them in.
package enum ConflictExport {
    private static let headings = [
        "id", "group", "table", "key", "column", "policy", "state", "at", "sequence", "base", "versions", "stands",
        "result", "decided_at", "decision",
    ]

    /// Comma-separated values (RFC 4180), one conflict a line below the headings. Values of rows are as SQL writes them.
    package static func csv(_ conflicts: [ConflictDetail]) -> String {
        ([headings] + conflicts.map(fields)).map { $0.map(quoted).joined(separator: ",") + "\r\n" }.joined()
    }

    private static func fields(_ conflict: ConflictDetail) -> [String] {
        [
            String(conflict.id),
            conflict.group,
            conflict.table,
            ConflictReport.text(conflict.key),
            conflict.column ?? "",
            conflict.policy,
            conflict.state,
            ControlCoding.text(conflict.at),
            String(conflict.sequence),
            value(conflict.base, conflict.column),
            conflict.versions.map { "\($0.member): \($0.operation) \(ConflictReport.text($0.edits))" }
                .map { $0.trimmingBlanks }.joined(separator: "; "),
            conflict.versions.first(where: \.stands)?.member ?? "",
            value(conflict.result, conflict.column),
            conflict.decidedAt.map(ControlCoding.text) ?? "",
            conflict.decision ?? "",
        ]
    }

    /// The column's value, or where it is about the row, all of it.
    private static func value(_ row: [DeadLetterDetail.Cell]?, _ column: String?) -> String {
        guard let row else { return "" }
        guard let column else { return ConflictReport.text(row) }
        return row.first { $0.column == column }?.value ?? ""
    }

    private static func quoted(_ field: String) -> String {
        guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
        return "\"\(field.replacing("\"", with: "\"\""))\""
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
