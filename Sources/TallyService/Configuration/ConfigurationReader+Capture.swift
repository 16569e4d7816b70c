import TallyModel

extension ConfigurationReader {
    /// How a flow's source is captured: a word, or a mapping with a mode.
    func capture(in flow: Section) -> CaptureSettings {
        guard flow.isMapping("capture"), let section = flow.section("capture") else {
            let mode = flow.word("capture", CaptureSettings.Mode.self) ?? .auto
            if mode.isPolling {
                let message = "\(mode.rawValue) needs a column; write { mode: \(mode.rawValue), column: updated_at }"
                report(message, at: flow.place(of: "capture"))
            }
            return CaptureSettings(mode: mode)
        }
        var capture = CaptureSettings()
        let mode = section.word("mode", CaptureSettings.Mode.self)
        capture.mode = mode ?? .auto
        // Without a mode that can be read there is no telling what else is right.
        let isUnclear = mode == nil && section.has("mode")
        let polling = ["column", "columns", "overlap", "poll", "sweep", "deleted"]
        for key in polling where section.has(key) && !capture.mode.isPolling && !isUnclear {
            report("goes with mode: timestamp or mode: version alone", at: section.place(of: key))
        }
        capture.column = section.scalar("column")?.text
        for (table, column) in section.texts("columns") { capture.columnByTable[TableName(table)] = column.text }
        if capture.mode.isPolling, !section.has("column"), !section.has("columns") {
            let message = "is missing; write the column that grows with every write to a row: column: updated_at"
            report(message, at: section.place.appending("column"))
        }
        overlap(in: section, &capture)
        if let poll = duration("poll", in: section) { capture.poll = poll }
        capture.sweep = duration("sweep", in: section)
        capture.softDelete = section.scalar("deleted")?.text
        section.finish()
        return capture
    }

    private func overlap(in section: Section, _ capture: inout CaptureSettings) {
        if capture.mode == .version {
            let form = "whole number; with mode: version, overlap is a difference of versions, such as 100"
            let overlap = section.value("overlap", form: form) { Int64($0).flatMap { $0 >= 0 ? $0 : nil } }
            if let overlap { capture.versionOverlap = overlap }
        } else if let overlap = section.value("overlap", form: Duration.configuredForm, Duration.init(configured:)) {
            capture.overlap = overlap
        }
    }
}

extension CaptureSettings.Mode {
    /// Whether changes are found by asking again and again.
    fileprivate var isPolling: Bool { self == .timestamp || self == .version }
}
