import TallyModel

/// Columns that a transform reads and that updates do not tell where they leave them alone: values that are stored out of
/// line (TOAST, https://www.postgresql.org/docs/current/storage-toast.html) are in the log only with whole rows.
struct UnsaidValues {
    let connection: PostgresConnection

    /// The parts of a table that hold rows: what a replica identity belongs to.
    private static let parts = """
        SELECT c.oid, n.nspname, c.relname, c.relreplident, c.reltoastrelid FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r'
            AND (c.oid = $1 OR c.oid IN (SELECT relid FROM pg_partition_tree($1::oid) WHERE isleaf))
        """

    /// Those whose values may be large enough: a text of five characters and a numeric of 28 digits are not larger than
    /// what would stand in their place.
    private static let columns = """
        SELECT attname FROM pg_attribute
        WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attstorage <> 'p'
            AND NOT (atttypid IN (1042, 1043) AND atttypmod BETWEEN 4 AND 9)
            AND NOT (atttypid = 1700 AND atttypmod >= 4 AND ((atttypmod - 4) >> 16) & 65535 <= 28)
        ORDER BY attnum
        """

    /// What to say of a table and of the columns of it that a transform reads; `nil` for nothing.
    func finding(for table: PostgresTable, reading reads: Set<String>) throws -> Finding? {
        let columns = try columns(of: table, among: reads)
        guard !columns.isEmpty else { return nil }
        let found = try connection.query(
            "SELECT nspname, relname, COALESCE(pg_relation_size(NULLIF(reltoastrelid, 0)), 0) > 0 FROM (\(Self.parts)) AS p "
                + "WHERE relreplident <> 'f' ORDER BY 1, 2",
            [.integer(table.oid)]
        )
        guard found.rowCount > 0 else { return nil }
        let parts = (0..<found.rowCount).map { row in
            TableName(found.text(row, 1) ?? "", schema: found.text(row, 0)).postgresSQL
        }
        let isStored = (0..<found.rowCount).contains { found.flag($0, 2) }
        return Finding(
            isStored ? .warning : .note,
            table: table.name,
            "the flow's transform reads \(columns.joined(separator: ", ")), of which updates that leave it alone do not tell "
                + "a value that is stored out of line (TOAST); such updates become dead letters"
                + (isStored ? "" : ". No value of the table is stored so now"),
            remedy: "run " + parts.map { "ALTER TABLE \($0) REPLICA IDENTITY FULL" }.joined(separator: "; ")
        )
    }

    /// Those that may be stored out of line. The log tells those of the key always.
    private func columns(of table: PostgresTable, among reads: Set<String>) throws -> [String] {
        guard !reads.isEmpty else { return [] }
        let found = try connection.query(Self.columns, [.integer(table.oid)])
        let key = Set(table.schema.keyColumns.map(\.name))
        return (0..<found.rowCount).compactMap { found.text($0, 0) }.filter { reads.contains($0) && !key.contains($0) }
    }
}
