package import SQLite
package import TallyModel

/// Reads a table in key order, a chunk at a time.
///
/// The order is the table's own: each key column's collation decides, as it does in the index of the key. A cursor
/// never holds NULL. SQLite lets rows of some tables have NULL in their key, even several with the same key; those come
/// with the first chunk, all of them, because no cursor could find its way between them.
package struct ChunkReader {
    /// What one call read.
    package struct Result {
        package var rows: [Row]
        package var range: KeyRange
        package var isLast: Bool
        package var byteCount: Int
    }

    private let schema: TableSchema
    private let columns: String
    private let key: [String]

    package init(_ schema: TableSchema) {
        self.schema = schema
        columns = schema.columns.map { quoted($0.name) }.joined(separator: ", ")
        key = schema.keyColumns.map { quoted($0.name) }
    }

    /// Reads the beginning of `range`: up to about `limit`, and at least one row if there is any.
    ///
    /// The caller holds the read transaction that makes this one snapshot.
    package func read(_ range: KeyRange, limit: ByteCount, from connection: Connection) throws -> Result {
        var result = Result(rows: [], range: range, isLast: true, byteCount: 0)
        if range.lower == nil { try readUnorderable(into: &result, from: connection) }

        let statement = try connection.cached(sql(for: range))
        defer { statement.reset() }
        let bounds = [range.lower, range.upper].compactMap { $0 }.flatMap { $0.values.map { $0 ?? .null } }
        try statement.bind(bounds)
        let before = result.rows.count
        while try statement.step() {
            append(statement, to: &result)
            if result.byteCount >= limit.bytes {
                result.isLast = false
                break
            }
        }
        if !result.isLast, result.rows.count > before, let last = result.rows.last {
            result.range.upper = last.picking(schema.key)
        }
        return result
    }

    private func readUnorderable(into result: inout Result, from connection: Connection) throws {
        let nullable = schema.keyColumns.filter { $0.isNullable && !$0.isHidden }
        guard !nullable.isEmpty else { return }
        let condition = nullable.map { "\(quoted($0.name)) IS NULL" }.joined(separator: " OR ")
        let statement = try connection.cached("SELECT \(columns) FROM \(quoted(schema.name.name)) WHERE \(condition)")
        defer { statement.reset() }
        while try statement.step() { append(statement, to: &result) }
    }

    @inline(__always)
    private func append(_ statement: Statement, to result: inout Result) {
        var bytes = 48
        let values = [Value?](unsafeUninitializedCapacity: schema.columns.count) { buffer, count in
            for column in 0..<schema.columns.count {
                let value = statement.value(at: column)
                bytes += value.byteCount
                (buffer.baseAddress! + column).initialize(to: value)
            }
            count = schema.columns.count
        }
        result.rows.append(Row(values))
        result.byteCount += bytes
    }

    private func sql(for range: KeyRange) -> String {
        let places = "(" + key.map { _ in "?" }.joined(separator: ", ") + ")"
        let tuple = "(" + key.joined(separator: ", ") + ")"
        // A row value that holds NULL may compare as true by its first parts, so NULLs are excluded by name.
        var conditions = schema.keyColumns.filter { $0.isNullable && !$0.isHidden }.map {
            "\(quoted($0.name)) IS NOT NULL"
        }
        if range.lower != nil { conditions.append("\(tuple) > \(places)") }
        if range.upper != nil { conditions.append("\(tuple) <= \(places)") }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return "SELECT \(columns) FROM \(quoted(schema.name.name))\(filter) ORDER BY \(key.joined(separator: ", "))"
    }
}
