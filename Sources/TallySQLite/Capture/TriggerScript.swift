import SQLite
package import TallyModel

/// The triggers that capture one table, as SQL. Text in, text out: nothing here touches a database.
///
/// Three things make the text longer than it looks as if it needed to be.
///
/// **Columns may go.** `ALTER TABLE … DROP COLUMN` refuses to run when a trigger mentions the column. So every column
/// but the key's, which cannot be dropped, is read as `(SELECT NEW."a")` with an outer `FROM (SELECT NULL AS "a") AS
/// NEW`: the inner name means the trigger's row while it has such a column, and the outer one, NULL, afterwards.
/// `RENAME COLUMN` rewrites the inner names, from which ``TriggerText`` reads what each slot's column is called now.
///
/// **Other triggers may write the same row.** SQLite does not say whether they run before these. Where any might, the
/// triggers log the row as it stands at that moment, looked up by its key, instead of the values they were handed.
///
/// **REPLACE removes rows without a word.** A row that stands in the way of a unique index goes without firing delete
/// triggers (https://www.sqlite.org/lang_conflict.html). So before each write the keys of rows that could be in the way
/// are noted, and after it those that are gone are logged as deleted.
package struct TriggerScript: Sendable, Hashable {
    /// Which values the triggers log.
    package enum Reading: Sendable, Hashable {
        /// Those handed to the trigger.
        case given
        /// Those that the table holds when the trigger runs: other triggers may have written the row again.
        case current
        /// The same, where rows of the table may also be written and removed between the two moments at which a write
        /// fires triggers: before it and after it.
        case interleaved
    }

    let shape: Int64
    let schema: TableSchema
    let uniqueIndexes: [UniqueIndex]
    let reading: Reading

    package init(shape: Int64, schema: TableSchema, uniqueIndexes: [UniqueIndex], reading: Reading) {
        self.shape = shape
        self.schema = schema
        self.uniqueIndexes = uniqueIndexes
        self.reading = reading
    }

    /// One trigger: its name, and the statement that makes it.
    package struct Trigger: Sendable, Hashable {
        package let name: String
        package let sql: String
    }

    static func prefix(of shape: Int64) -> String { "_tally_\(shape)_" }

    static func victimTable(of shape: Int64) -> String { "_tally_victim_\(shape)" }

    /// Makes the table that ``triggers`` need; `nil` where they need none.
    package var victimTable: String? {
        guard !watched.isEmpty else { return nil }
        return "CREATE TABLE \(victims)(\(victimKey.joined(separator: ", ")))"
    }

    package var triggers: [Trigger] {
        // A cascade may remove the row that an update was about to write, and with it the AFTER trigger that would have
        // looked at the notes; the cascade's deletes look at them too.
        let gone = reading == .interleaved ? loggedVictims : []
        var triggers = [
            make("insert", "AFTER INSERT", loggedVictims + notedOwn + [loggedRow(.insert)]),
            make("update", "AFTER UPDATE", loggedVictims + notedOwn + [loggedFormerKey, loggedRow(.update)]),
            make("delete", "AFTER DELETE", gone + [loggedDelete]),
        ]
        if !watched.isEmpty {
            triggers.append(make("before_insert", "BEFORE INSERT", watched.map { notedVictim($0, except: nil) }))
            triggers.append(make("before_update", "BEFORE UPDATE", watched.map { notedVictim($0, except: "OLD") }))
        }
        return triggers
    }

    /// What rows may stand in each other's way of. The key is among it only where the row that takes its place may be gone
    /// before it is logged, or may write the same key otherwise.
    private var watched: [UniqueIndex] {
        guard reading == .interleaved || schema.keyColumns.contains(where: { $0.collation != nil }) else {
            return uniqueIndexes
        }
        let terms = schema.keyColumns.map { UniqueIndex.Term(kind: .column($0.name), collation: $0.collation) }
        return uniqueIndexes + [UniqueIndex(name: "", terms: terms)]
    }

    private func make(_ name: String, _ event: String, _ statements: [String]) -> Trigger {
        let name = Self.prefix(of: shape) + name
        let body = statements.map { $0 + ";\n" }.joined()
        return Trigger(name: name, sql: "CREATE TRIGGER \(quoted(name)) \(event) ON \(table) BEGIN\n\(body)END")
    }

    // MARK: Rows

    private func loggedRow(_ operation: LogKind.Operation) -> String {
        let head = "\(into(schema.columns)) SELECT \(LogKind.of(operation, shape: shape)), julianday('now')"
        let names = schema.columns.map { quoted($0.name) }
        switch reading {
        case .given:
            let values = names.map { "(SELECT NEW.\($0))" }.joined(separator: ", ")
            return "\(head), \(values) FROM \(nulls) AS NEW"
        case .current, .interleaved:
            let found = "FROM \(table) AS r WHERE \(matches("r", "NEW"))"
            let values = names.map { "(SELECT r.\($0) \(found))" }.joined(separator: ", ")
            return "\(head), \(values) FROM \(nulls) AS r WHERE EXISTS (SELECT 1 \(found))"
        }
    }

    /// Given values: the key that the row had, ahead of the row. Current ones: its deletion, unless the key is in use.
    private var loggedFormerKey: String {
        let operation: LogKind.Operation = reading == .given ? .moved : .delete
        let differs = schema.keyColumns.map { column in
            let name = quoted(column.name)
            return "OLD.\(name) IS NOT NEW.\(name) COLLATE BINARY OR typeof(OLD.\(name)) IS NOT typeof(NEW.\(name))"
        }
        let isInUse = "EXISTS (SELECT 1 FROM \(table) AS r WHERE \(isWritten("r", as: "OLD")))"
        let absent = reading == .given ? "" : " AND NOT \(isInUse)"
        return "\(loggedKey(operation)) WHERE (\(differs.joined(separator: " OR ")))\(absent)"
    }

    private var loggedDelete: String {
        let isInUse = "EXISTS (SELECT 1 FROM \(table) AS r WHERE \(matches("r", "OLD")))"
        return loggedKey(.delete) + (reading == .given ? "" : " WHERE NOT \(isInUse)")
    }

    private func loggedKey(_ operation: LogKind.Operation) -> String {
        let values = schema.keyColumns.map { ", OLD.\(quoted($0.name))" }.joined()
        return "\(into(schema.keyColumns)) SELECT \(LogKind.of(operation, shape: shape)), julianday('now')\(values)"
    }

    // MARK: Rows that REPLACE removes

    /// Notes the key of the row that equals the new one on a unique index; there is at most one.
    ///
    /// Every column stands in the inner of two scopes, so that the index and then its columns may be dropped.
    private func notedVictim(_ index: UniqueIndex, except old: String?) -> String {
        let equal = index.terms.map { term in
            let collation = " COLLATE \(quoted(term.collation ?? "BINARY"))"
            switch term.kind {
            case .column(let name):
                return "o.\(quoted(name)) = (SELECT NEW.\(quoted(name)))\(collation)"
            case .expression(let text):
                let row = schema.columns.filter { !$0.isHidden }.map { quoted($0.name) }
                let given = row.map { "(SELECT NEW.\($0)) AS \($0)" }.joined(separator: ", ")
                return "(\(text)) = (SELECT (\(text)) FROM (SELECT \(given)))\(collation)"
            }
        }
        var conditions = equal
        if let condition = index.condition { conditions.append("(\(condition))") }
        if let old { conditions.append("NOT (\(matches("o", old)))") }
        let found = "FROM \(table) AS o WHERE \(conditions.joined(separator: " AND "))"
        let key = schema.keyColumns.map { "(SELECT (SELECT o.\(quoted($0.name)) \(found)) FROM \(nulls) AS o)" }
        return """
            INSERT INTO \(victims)(\(victimKey.joined(separator: ", "))) SELECT \(key.joined(separator: ", ")) \
            FROM \(nulls) AS NEW WHERE EXISTS (SELECT 1 FROM \(nulls) AS o WHERE EXISTS (SELECT 1 \(found)))
            """
    }

    /// Logs the noted rows that are gone, and forgets the notes.
    private var loggedVictims: [String] {
        guard !watched.isEmpty else { return [] }
        let key = victimKey.map { ", \(victims).\($0)" }.joined()
        let same = zip(schema.keyColumns, victimKey).map { column, place in
            let isSame = "r.\(quoted(column.name)) IS \(victims).\(place)"
            return column.collation == nil ? isSame : "\(isSame) AND \(isSame) COLLATE BINARY"
        }
        let isGone = "NOT EXISTS (SELECT 1 FROM \(table) AS r WHERE \(same.joined(separator: " AND ")))"
        let logged = """
            \(into(schema.keyColumns)) SELECT \(LogKind.of(.delete, shape: shape)), julianday('now')\(key) \
            FROM \(victims) WHERE \(isGone)
            """
        switch reading {
        case .given, .current: return [logged, "DELETE FROM \(victims)"]
        case .interleaved:
            // This may run for another trigger's row first; the newest notes stay for those whose turn is still to come.
            return [
                logged,
                "DELETE FROM \(victims) WHERE \(isGone)",
                "DELETE FROM \(victims) WHERE rowid <= (SELECT max(rowid) FROM \(victims)) - 16",
            ]
        }
    }

    /// Notes the row itself, where a write around this one may remove it.
    private var notedOwn: [String] {
        guard reading == .interleaved else { return [] }
        let key = schema.keyColumns.map { "NEW.\(quoted($0.name))" }.joined(separator: ", ")
        return ["INSERT INTO \(victims)(\(victimKey.joined(separator: ", "))) VALUES (\(key))"]
    }

    // MARK: Parts

    private var table: String { quoted(schema.name.name) }

    private var victims: String { quoted(Self.victimTable(of: shape)) }

    private var victimKey: [String] { schema.key.indices.map { "k\($0)" } }

    private var nulls: String {
        "(SELECT " + schema.columns.map { "NULL AS \(quoted($0.name))" }.joined(separator: ", ") + ")"
    }

    private func into(_ columns: [Column]) -> String {
        "INSERT INTO _tally_log(kind, at" + columns.map { ", c\($0.id)" }.joined() + ")"
    }

    private func matches(_ row: String, _ other: String) -> String {
        schema.keyColumns.map { "\(row).\(quoted($0.name)) IS \(other).\(quoted($0.name))" }.joined(separator: " AND ")
    }

    /// The keys are equal and also written alike, where the key's collation takes different texts for equal.
    private func isWritten(_ row: String, as other: String) -> String {
        let alike = schema.keyColumns.filter { $0.collation != nil }.map {
            " AND \(row).\(quoted($0.name)) IS \(other).\(quoted($0.name)) COLLATE BINARY"
        }
        return matches(row, other) + alike.joined()
    }
}
