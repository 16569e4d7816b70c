import TallyModel

/// Statements that read a table's rows in the form of ``RecordText``.
struct RowQuery {
    private let table: PostgresTable

    init(_ table: PostgresTable) {
        self.table = table
    }

    /// One value: the row, as its type's output functions write it, whatever casts to text there are.
    var record: String {
        let columns = table.columns.map(\.name.postgresIdentifier).joined(separator: ", ")
        return "textin(record_out(ROW(\(columns))))"
    }

    /// The row of a key: `$1` and so on are its columns, in key order.
    var oneRow: String {
        let conditions = table.schema.key.enumerated().map { place, column in
            "\(table.columns[column].name.postgresIdentifier) = $\(place + 1)::\(table.columns[column].typeName)"
        }
        return "SELECT \(record) FROM \(table.rowsSQL) WHERE \(conditions.joined(separator: " AND "))"
    }
}
