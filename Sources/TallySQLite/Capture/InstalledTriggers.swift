import SQLite
import TallyModel

/// Tally's triggers as the file has them.
struct InstalledTriggers {
    struct Trigger {
        let name: String
        /// The table that it is on; follows the table when that is renamed.
        let table: String
        let sql: String
    }

    private let all: [Trigger]
    /// By the beginning of their names, which says whose they are.
    private let byPrefix: [Substring: [Trigger]]

    init(in connection: Connection) throws {
        let rows = try connection.all(
            "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_tally_*'"
        )
        all = rows.compactMap { row in
            guard case .text(let name) = row[0], case .text(let table) = row[1], case .text(let sql) = row[2] else {
                return nil
            }
            return Trigger(name: name, table: table, sql: sql)
        }
        byPrefix = Dictionary(grouping: all) { trigger in
            let parts = trigger.name.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false)
            return trigger.name[..<(parts.count == 4 ? parts[3].startIndex : trigger.name.endIndex)]
        }
    }

    func triggers(of shape: Int64) -> [Trigger] {
        byPrefix[TriggerScript.prefix(of: shape)[...]] ?? []
    }

    /// Drops a shape's triggers and the table that they note keys in.
    func drop(of shape: Int64, in connection: Connection) throws {
        for trigger in triggers(of: shape) { try connection.execute("DROP TRIGGER \(quoted(trigger.name))") }
        try connection.execute("DROP TABLE IF EXISTS \(quoted(TriggerScript.victimTable(of: shape)))")
    }

    /// Drops every trigger that Tally made in the file, whatever it belongs to.
    static func dropAll(in connection: Connection) throws {
        for trigger in try InstalledTriggers(in: connection).all {
            try connection.execute("DROP TRIGGER \(quoted(trigger.name))")
        }
        let tables = try connection.all("SELECT name FROM sqlite_schema WHERE name GLOB '_tally_victim_*'")
        for case .text(let name)? in tables.map(\.first) { try connection.execute("DROP TABLE \(quoted(name))") }
    }
}

extension TriggerScript {
    /// Makes the triggers, and sees that writes to the table still compile: else they would take it from its users.
    ///
    /// - Throws: ``StoreError`` with `unsupported` when they do not, and did before.
    func install(in connection: Connection) throws {
        let flaw = flaw(in: connection)
        if let victimTable { try connection.execute(victimTable) }
        for trigger in triggers { try connection.execute(trigger.sql) }
        guard flaw == nil, let ours = self.flaw(in: connection) else { return }
        throw StoreError(
            .unsupported,
            "a trigger or index of the table does not let it be captured: \(ours); leave the table out, or in a "
                + "flow capture it by timestamp or version",
            table: schema.name,
            cause: ours
        )
    }

    /// What keeps writes to the table from being compiled, its triggers included; `nil` when nothing does.
    private func flaw(in connection: Connection) -> (any Error)? {
        let table = quoted(schema.name.name)
        let key = quoted(schema.keyColumns[0].name)
        do {
            _ = try connection.prepare("INSERT INTO \(table) DEFAULT VALUES")
            _ = try connection.prepare("UPDATE \(table) SET \(key) = \(key)")
            _ = try connection.prepare("DELETE FROM \(table)")
            return nil
        } catch {
            return error
        }
    }
}
