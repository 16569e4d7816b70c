/// Rows in aligned columns under headings. Columns that hold nothing are left out.
struct TextTable {
    struct Column {
        let heading: String
        var isNumber = false
        var cells: [Line] = []
    }

    private var columns: [Column]
    /// Lines that follow a row, across all columns.
    private var remarks: [Int: [Line]] = [:]

    init(_ columns: Column...) {
        self.columns = columns
    }

    /// - Parameter remarks: What to say beneath the row.
    mutating func add(_ cells: Line..., remarks: [Line] = []) {
        precondition(cells.count == columns.count, "every column takes one cell")
        self.remarks[columns[0].cells.count] = remarks
        for (index, cell) in cells.enumerated() { columns[index].cells.append(cell) }
    }

    func lines(indent: Int = 0) -> [Line] {
        let shown = columns.filter { column in column.cells.contains { $0.width > 0 } }
        let widths = shown.map { column in max(column.heading.count, column.cells.map(\.width).max() ?? 0) }
        let margin = Line(String(repeating: " ", count: indent))
        func row(_ cells: [Line]) -> Line {
            var line = margin
            for (index, cell) in cells.enumerated() {
                if index > 0 { line += "  " }
                line += cell.padded(to: widths[index], isRightAligned: shown[index].isNumber)
            }
            return line.withoutTrailingBlanks
        }
        var lines = [row(shown.map { Line($0.heading, .faint) })]
        for index in columns[0].cells.indices {
            lines.append(row(shown.map { $0.cells[index] }))
            lines += (remarks[index] ?? []).map { margin + "  " + $0 }
        }
        return lines
    }
}
