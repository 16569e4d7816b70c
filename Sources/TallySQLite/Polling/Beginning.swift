import SQLite
import TallyModel

/// Where a stream of polls begins: the tables of one snapshot, each with its mark, and what has to be said first.
struct Beginning {
    static let changed = "its structure changed, and rows may hold values that no write of theirs announced"
    static let renumbered =
        "it has no declared key, and the change of the file's structure may have given its rows other row ids"

    private(set) var tables: [PolledTable] = []
    let schemaVersion: Int64
    private(set) var events: [StreamEvent] = []

    /// - Throws: ``StoreError`` when a table cannot be polled or the stream cannot go on from the checkpoint.
    init(
        _ request: CaptureRequest,
        rule: CursorRule,
        structure: PolledStructure,
        now: Timestamp,
        in connection: Connection
    ) throws {
        let (version, schemas) = try structure.tables(in: connection)
        schemaVersion = version
        let held = try request.checkpoint.map { try Self.marks(of: $0, path: connection.path) }
        if let held { try Self.refuseOlder(version, than: held.schema, path: connection.path) }
        for schema in schemas {
            var table = try PolledTable(schema, request.capture)
            if try table.isUnreadable(rule, in: connection) {
                throw StoreError(.incompatibleSchema, Self.unreadable(table, rule))
            }
            if let held {
                table.mark = held.mark(of: table.name, column: table.cursorName, kind: rule.kind)
                if let reason = Self.reasonToLoad(schema, held.tables[table.name.name], held, version) {
                    events.append(.schema(.invalidated(schema, reason: reason)))
                }
            } else {
                table.mark = try table.greatest(rule, now: now, in: connection)
            }
            tables.append(table)
        }
    }

    /// Says what a cursor column has to hold.
    static func unreadable(_ table: PolledTable, _ rule: CursorRule) -> String {
        let (needed, other) =
            switch rule.kind {
            case .timestamp:
                (
                    "points in time: text as ISO 8601, or numbers of seconds, milliseconds or microseconds since 1970",
                    "version"
                )
            case .version: ("numbers that grow with every write", "timestamp")
            }
        return "table \(table.name): column \(table.cursorName) does not hold \(needed); name another one with "
            + "`capture.columns: { \(table.name): COLUMN }`, use `capture: \(other)` or `capture: trigger`, or leave "
            + "the table out with \"!\(table.name)\""
    }

    /// - Throws: ``StoreError`` with `historyLost` or `historyWentBackwards` when polls cannot go on from the checkpoint.
    static func verify(_ checkpoint: Checkpoint, in connection: Connection) throws {
        let held = try marks(of: checkpoint, path: connection.path)
        try refuseOlder(try PolledStructure.version(in: connection), than: held.schema, path: connection.path)
    }

    static func refuseOlder(_ version: Int64, than known: Int64, path: String) throws {
        guard version < known else { return }
        throw StoreError(
            .historyWentBackwards,
            "\(path) was restored from an older backup: its structure is of version \(version), and version \(known) was "
                + "read before",
            remedy: .beginAgain
        )
    }

    private static func marks(of checkpoint: Checkpoint, path: String) throws -> PolledMarks {
        do {
            return try PolledMarks(detail: checkpoint.position.detail)
        } catch {
            throw StoreError(
                .historyLost,
                "\(path): the target's checkpoint was written with another kind of capture, and polling cannot go on from "
                    + "it; set `capture` back, or run `tally resync FLOW`, which writes only what differs",
                cause: error
            )
        }
    }

    private static func reasonToLoad(
        _ schema: TableSchema,
        _ entry: PolledMarks.Entry?,
        _ held: PolledMarks,
        _ version: Int64
    ) -> String? {
        guard let entry, held.schema != version else { return nil }
        if entry.shape != schema.shape { return changed }
        return schema.hasImplicitKey ? renumbered : nil
    }
}
