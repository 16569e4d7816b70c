package import TallyModel

/// How far ahead of the stream sweeps have looked.
///
/// A poll that was read before a sweep and applied after it may bring back a row that the sweep found gone. Such a table
/// has to be swept again.
package struct SweepMarks {
    /// The position that the last sweep of each table saw, until the stream has passed it.
    private var marks: [TableName: Position] = [:]
    /// Tables that the open part of the stream has written to since.
    private var touched: Set<TableName> = []

    package init() {}

    /// Notes that rows were deleted because a snapshot at `position` lacked them.
    package mutating func swept(_ table: TableName, asOf position: Position) {
        marks[table] = max(marks[table] ?? position, position)
    }

    /// Notes what the stream brought.
    ///
    /// - Returns: The tables that have to be swept again.
    package mutating func passed(by slice: Slice) -> [TableName] {
        guard !marks.isEmpty else { return [] }
        for change in slice.changes where marks[slice.tables[change.table].name] != nil {
            touched.insert(slice.tables[change.table].name)
        }
        guard let end = slice.end?.position else { return [] }
        let again = touched.filter { marks[$0].map { end < $0 } ?? false }.sorted()
        touched.removeAll()
        marks = marks.filter { end < $0.value }
        return again
    }
}
