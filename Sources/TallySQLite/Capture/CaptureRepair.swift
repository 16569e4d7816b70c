import SQLite
import TallyModel

/// Logs again the rows of one table that triggers which did not fit it have logged.
///
/// Whatever such a trigger wrote, its key is right. So for every key that it logged, the row as it is now is logged
/// as an update, or its deletion when it is gone; what a target makes of that is right whatever it had made before.
struct CaptureRepair {
    let former: Shape
    let shape: Shape
    /// Rows of the log up to here are sound.
    let after: Int64
    /// Whether only keys that were logged more than once are suspect.
    ///
    /// A trigger of the user's that came and went while those that log given values stayed may have fired before them, and
    /// written the row again: they then logged what it wrote first, and what the row had been before last. A row that
    /// such a trigger did not write again was logged once, and right.
    var isOfRepeatedOnly = false

    func isNeeded(in connection: Connection) throws -> Bool {
        try connection.first("SELECT 1 FROM _tally_log WHERE \(isSuspect) LIMIT 1") != nil
    }

    func run(in connection: Connection) throws {
        guard try isNeeded(in: connection) else { return }
        let table = quoted(shape.schema.name.name)
        let slots = former.schema.keyColumns.map { "c\($0.id)" }
        let columnsOfKey = slots.joined(separator: ", ")
        let repeated = isOfRepeatedOnly ? " HAVING count(*) > 1" : ""
        let keys = """
            (SELECT \(columnsOfKey) FROM _tally_log WHERE \(isSuspect) GROUP BY \(columnsOfKey)\(repeated)) AS k
            """
        let matches = zip(shape.schema.keyColumns, slots).map { "t.\(quoted($0.name)) IS k.\($1)" }
            .joined(separator: " AND ")

        let deleted = slots.map { "k.\($0)" }.joined(separator: ", ")
        let keySlots = shape.schema.keyColumns.map { "c\($0.id)" }.joined(separator: ", ")
        try connection.execute(
            """
            INSERT INTO _tally_log(kind, at, \(keySlots))
            SELECT \(LogKind.of(.delete, shape: shape.id)), julianday('now'), \(deleted)
            FROM \(keys) WHERE NOT EXISTS (SELECT 1 FROM \(table) AS t WHERE \(matches))
            """
        )
        let columns = shape.schema.columns
        try connection.execute(
            """
            INSERT INTO _tally_log(kind, at, \(columns.map { "c\($0.id)" }.joined(separator: ", ")))
            SELECT \(LogKind.of(.update, shape: shape.id)), julianday('now'),
            \(columns.map { "t.\(quoted($0.name))" }.joined(separator: ", "))
            FROM \(keys) CROSS JOIN \(table) AS t ON \(matches)
            """
        )
    }

    private var isSuspect: String {
        let kinds = (LogKind.of(.insert, shape: former.id), LogKind.of(.moved, shape: former.id))
        return "seq > \(after) AND kind BETWEEN \(kinds.0) AND \(kinds.1)"
    }
}
