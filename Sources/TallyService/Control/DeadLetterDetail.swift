package import TallyModel

/// One dead letter with its row: only for the person who asks for exactly this one.
package struct DeadLetterDetail: Sendable, Hashable, Codable {
    /// One column and what it holds.
    package struct Cell: Sendable, Hashable, Codable {
        package var column: String
        /// As SQL writes the value; `nil` where the source did not say.
        package var value: String?

        package init(column: String, value: String?) {
            self.column = column
            self.value = value
        }
    }

    package var summary: DeadLetterSummary
    package var key: [Cell]
    /// The key before the change, where the change gave the row another.
    package var formerKey: [Cell]?
    package var columns: [String]
    /// The row that was refused; `nil` where nobody asked for it.
    package var values: [Cell]?

    package init(
        summary: DeadLetterSummary,
        key: [Cell],
        formerKey: [Cell]? = nil,
        columns: [String],
        values: [Cell]? = nil
    ) {
        self.summary = summary
        self.key = key
        self.formerKey = formerKey
        self.columns = columns
        self.values = values
    }

    package init(_ letter: DeadLetter) {
        let keyColumns = letter.schema.keyColumns
        summary = DeadLetterSummary(letter)
        key = Self.cells(keyColumns, letter.key)
        formerKey = letter.change.formerKey.map { Self.cells(keyColumns, $0) }
        columns = letter.schema.columns.map(\.name)
        values = Self.cells(letter.schema.columns, letter.change.row)
    }

    /// The letter without what its row holds beside the key.
    package var withoutValues: DeadLetterDetail {
        var detail = self
        detail.values = nil
        return detail
    }

    private static func cells(_ columns: [Column], _ row: Row) -> [Cell] {
        zip(columns, row.values).map { Cell(column: $0.name, value: $1?.literal) }
    }
}
