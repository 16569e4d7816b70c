import SQLite
import TallyModel

/// A table as polls read it: its structure, its cursor column, and how far they are.
struct PolledTable {
    let schema: TableSchema
    /// The place of the cursor column.
    let cursor: Int
    /// The place of the column that marks rows as deleted, in tables that have it.
    let softDelete: Int?
    /// The greatest value of the cursor column that a mark may stand at, as of the last poll; `nil` while there is none,
    /// and then the next poll reads every row.
    var mark: Value?
    /// When the mark came to stand where it is.
    var stoodSince: Duration = .zero
    /// A mark whose window is read no more: too large to remember, and older than the overlap.
    var closedMark: Value?

    /// - Throws: ``StoreError`` with `incompatibleSchema` for a table that cannot be polled. It carries no table: the
    ///   flow has to stop and ask, because to go on without the table would be to drop it silently.
    init(_ schema: TableSchema, _ settings: CaptureSettings) throws {
        let mode = settings.mode.rawValue
        guard let name = settings.column(of: schema.name) else {
            throw StoreError(
                .incompatibleSchema,
                "table \(schema.name): `capture: \(mode)` needs to know which column grows with every write; name it "
                    + "with `capture.column`, or leave the table out with \"!\(schema.name)\""
            )
        }
        guard let cursor = schema.place(of: name) else {
            throw StoreError(
                .incompatibleSchema,
                "table \(schema.name) has no column \(name), which `capture: \(mode)` is to read; name the table's own "
                    + "with `capture.columns: { \(schema.name): COLUMN }`, or leave the table out with "
                    + "\"!\(schema.name)\""
            )
        }
        self.schema = schema
        self.cursor = cursor
        softDelete = settings.softDelete.flatMap(schema.place(of:))
    }

    var name: TableName { schema.name }
    var cursorName: String { schema.columns[cursor].name }
    var isClosed: Bool { mark != nil && closedMark == mark }

    /// The statement that reads what a poll has to see, and its values.
    func query(_ rule: CursorRule) -> (sql: String, values: [Value]) {
        let columns = schema.columns.map { quoted($0.name) }.joined(separator: ", ")
        let column = quoted(cursorName)
        let order = ([column] + schema.keyColumns.map { quoted($0.name) }).joined(separator: ", ")
        let (condition, values): (String, [Value]) =
            switch mark {
            case let mark? where isClosed: ("\(column) > ?", [mark])
            case let mark?: ("\(column) >= ?", [rule.bound(from: mark)])
            case nil: ("\(column) IS NOT NULL", [])
            }
        return ("SELECT \(columns) FROM \(quoted(name.name)) WHERE \(condition) ORDER BY \(order)", values)
    }

    /// Whether the row says of itself that it is deleted.
    func isDeleted(_ row: Row) -> Bool {
        guard let softDelete else { return false }
        switch row.values[softDelete] {
        case nil, .null, .integer(0), .real(0), .text(""), .text("0"), .bytes([]), .boolean(false): return false
        default: return true
        }
    }

    // MARK: The greatest value

    /// The greatest value that a mark may stand at.
    func greatest(_ rule: CursorRule, now: Timestamp, in connection: Connection) throws -> Value? {
        for storage in Self.storages(rule.kind) {
            guard let value = try greatest(storage, upTo: nil, in: connection) else { continue }
            if let place = rule.place(of: value), rule.permitsMark(at: place, now: now) { return value }
            // In the future, or no date at all: the greatest that is not after now, in the same form.
            let form = Stamp(value)?.form ?? .text(separator: UInt8(ascii: " "), precision: .second, isShifted: false)
            let bound = Stamp(moment: 0, form: form).bound(at: rule.latestMark(now))
            guard let value = try greatest(storage, upTo: bound, in: connection) else { continue }
            if let place = rule.place(of: value), rule.permitsMark(at: place, now: now) { return value }
        }
        return nil
    }

    /// Whether the column holds values, and the greatest are none that the rule understands.
    func isUnreadable(_ rule: CursorRule, in connection: Connection) throws -> Bool {
        for storage in Self.storages(rule.kind) {
            if let value = try greatest(storage, upTo: nil, in: connection), rule.place(of: value) != nil {
                return false
            }
        }
        return try connection.first("SELECT 1 FROM \(quoted(name.name)) WHERE \(quoted(cursorName)) IS NOT NULL") != nil
    }

    func isEmpty(in connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM \(quoted(name.name)) LIMIT 1") == nil
    }

    private func greatest(_ storage: String, upTo bound: Value?, in connection: Connection) throws -> Value? {
        let column = quoted(cursorName)
        let condition = storage.replacing("$", with: column) + (bound == nil ? "" : " AND \(column) <= ?")
        let statement = try connection.cached("SELECT max(\(column)) FROM \(quoted(name.name)) WHERE \(condition)")
        defer { statement.reset() }
        try statement.bind(bound.map { [$0] } ?? [])
        guard try statement.step(), !statement.isNull(at: 0) else { return nil }
        return statement.value(at: 0)
    }

    /// Conditions on the column `$`, the storage class that sorts last first.
    private static func storages(_ kind: CursorRule.Kind) -> [String] {
        let numbers = "typeof($) IN ('integer', 'real')"
        return switch kind {
        case .timestamp:
            ["typeof($) = 'text' AND $ GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'", numbers]
        case .version: [numbers]
        }
    }
}

extension TableSchema {
    /// The place of a column by its name in any case, as SQL takes it.
    func place(of name: String) -> Int? {
        column(named: name) ?? columns.firstIndex { $0.name.lowercased() == name.lowercased() && !$0.isHidden }
    }
}
