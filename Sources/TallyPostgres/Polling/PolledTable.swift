import TallyModel

/// A table as polls read it: its structure, its cursor column, and how far they are.
struct PolledTable {
    /// A mark, and the first transaction that had not begun when it was read.
    struct Passed {
        var xmax: UInt64
        var mark: String
    }

    var table: PostgresTable
    /// The place of the cursor column.
    let cursor: Int
    /// The place of the column that marks rows as deleted, in tables that have it.
    let softDelete: Int?
    /// The greatest value of the cursor column that a mark may stand at, as the server writes it.
    var mark: String?
    /// Where the next poll begins to read, before the overlap; `nil` to read all.
    var floor: String?
    /// Marks of earlier polls, oldest first, for as long as a transaction may run that is older than the last.
    var passed: [Passed] = []

    /// - Throws: ``StoreError`` with `incompatibleSchema` for a table that cannot be polled. It carries no table: the
    ///   flow has to stop and ask, because to go on without the table would be to drop it silently.
    init(_ table: PostgresTable, _ settings: CaptureSettings) throws {
        let (name, mode) = (table.name, settings.mode.rawValue)
        guard let column = settings.column(of: name) else {
            throw StoreError(
                .incompatibleSchema,
                "table \(name): `capture: \(mode)` needs to know which column grows with every write; name it with "
                    + "`capture.column`, or leave the table out with \"!\(name)\""
            )
        }
        guard let cursor = table.schema.column(named: column) else {
            throw StoreError(
                .incompatibleSchema,
                "table \(name) has no column \(column), which `capture: \(mode)` is to read; name the table's own with "
                    + "`capture.columns: { \(name): COLUMN }`, or leave the table out with \"!\(name)\""
            )
        }
        let rule = CursorRule(settings)
        guard rule.understands(table.columns[cursor].shape) else {
            let needed = rule.kind == .timestamp ? "timestamp with time zone, timestamp or date" : "integer or numeric"
            throw StoreError(
                .incompatibleSchema,
                "table \(name): column \(column) is of type \(table.columns[cursor].typeName), and `capture: \(mode)` needs "
                    + "\(needed); name another with `capture.columns: { \(name): COLUMN }`, or leave the table out with "
                    + "\"!\(name)\""
            )
        }
        self.table = table
        self.cursor = cursor
        softDelete = settings.softDelete.flatMap(table.schema.column(named:))
    }

    var schema: TableSchema { table.schema }
    var name: TableName { table.schema.name }
    var column: PostgresColumn { table.columns[cursor] }

    /// Whether the row says of itself that it is deleted.
    func isDeleted(_ row: Row) -> Bool {
        softDelete.map { SoftDelete.isSet(row.values[$0]) } ?? false
    }

    /// Changes when rows may hold other values than before, seen from outside.
    var shape: String {
        table.columns.map { "\($0.number) \($0.name) \($0.typeName)" }.joined(separator: ",")
            + " key \(schema.keyColumns.map { String($0.id) }.joined(separator: ","))"
    }

    // MARK: Statements

    /// Copies what a poll has to see, in the order of the cursor: for each row whether a mark may stand at it, whether it
    /// was written by a transaction that the poll before cannot have seen, and the row.
    ///
    /// - Parameter horizon: The snapshot of the poll before; `nil` to read all from the bound on.
    func copy(_ rule: CursorRule, horizon: ServerSnapshot?) -> String {
        let name = column.name.postgresIdentifier
        var conditions = ["\(name) IS NOT NULL"]
        if let floor { conditions.append("\(name) >= \(rule.bound(floor, of: column))") }
        if let horizon { conditions.append(Self.isSince(horizon.xmin)) }
        let limit = rule.permitsMark(name, column.shape)
        let key = schema.keyColumns.map(\.name.postgresIdentifier)
        return """
            COPY (
                SELECT \(limit), \(horizon.map { Self.isSince($0.xmax) } ?? "true"), \(RowQuery(table).record)
                FROM \(table.rowsSQL) WHERE \(conditions.joined(separator: " AND "))
                ORDER BY \(([name] + key).joined(separator: ", "))
            ) TO STDOUT (FORMAT binary)
            """
    }

    /// Whether a row was written by this transaction or a later one, as SQL. Rows carry the lower half of the number,
    /// and of two that are compared neither is half of all numbers ahead; one that was is very old.
    private static func isSince(_ transaction: UInt64) -> String {
        "mod(xmin::text::bigint - \(transaction & 0xffff_ffff) + 4294967296, 4294967296) < 2147483648"
    }

    /// The greatest value that a mark may stand at, as the open transaction sees the table.
    func greatest(_ rule: CursorRule, in connection: PostgresConnection) throws -> String? {
        let name = column.name.postgresIdentifier
        let condition = rule.permitsMark(name, column.shape)
        return try connection.execute("SELECT max(\(name)) FROM \(table.rowsSQL) WHERE \(condition)").text(0, 0)
    }

    func isEmpty(in connection: PostgresConnection) throws -> Bool {
        try connection.execute("SELECT FROM \(table.rowsSQL) LIMIT 1").rowCount == 0
    }

    // MARK: Marks

    /// Moves the floor to where the next poll may begin.
    ///
    /// - Parameters:
    ///   - snapshot: That of the poll that read up to ``mark``.
    ///   - age: How long the oldest transaction that ran when it was taken had been at work, in microseconds.
    mutating func settle(_ rule: CursorRule, _ snapshot: ServerSnapshot, age: Int, in connection: PostgresConnection)
        throws
    {
        guard let mark else { return }
        // What is not visible yet has a number from xmin on, and so began to write after the polls with a lower xmax.
        let trusted = passed.lastIndex { $0.xmax <= snapshot.xmin }
        let guardMark = trusted.map { passed[$0].mark }
        if let trusted { passed.removeFirst(trusted) }
        passed.append(Passed(xmax: snapshot.xmax, mark: mark))
        // The middle ones are the least missed.
        if passed.count > 100 { passed.remove(at: 50) }
        let held = guardMark ?? floor
        // Without any floor, a transaction that was at work at the start may still bring any version.
        if rule.kind == .version, held == nil, snapshot.xmin < snapshot.xmax { return }
        floor = try connection.execute(
            "SELECT \(rule.floor(mark: mark, guardMark: held, age: age, of: column))"
        ).text(0, 0)
    }
}
