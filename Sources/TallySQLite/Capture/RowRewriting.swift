import SQLite
import TallyModel

/// Which tables' rows may be written again before the triggers that a first write fires have all run: by a user's
/// trigger, or by a foreign key's action that comes back round to the table.
struct RowRewriting {
    private let withTriggers: Set<String>
    private let withEarlyTriggers: Set<String>
    /// For each table, those that a foreign key's action carries its changes to.
    private let actions: [String: Set<String>]

    init(in connection: Connection) throws {
        let triggers = try connection.all(
            "SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'trigger' AND name NOT GLOB '_tally_*'"
        )
        var (all, early): (Set<String>, Set<String>) = ([], [])
        for case (.text(let table), .text(let name), .text(let sql)) in triggers.map({ ($0[0], $0[1], $0[2]) }) {
            all.insert(table.lowercased())
            if !Self.isAfter(sql, name: name) { early.insert(table.lowercased()) }
        }
        (withTriggers, withEarlyTriggers) = (all, early)

        let keys = try connection.all(
            """
            SELECT DISTINCT k."table", t.name FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS k
            WHERE t.type = 'table'
            AND (k.on_update NOT IN ('NO ACTION', 'RESTRICT') OR k.on_delete NOT IN ('NO ACTION', 'RESTRICT'))
            """
        )
        var actions: [String: Set<String>] = [:]
        for row in keys {
            guard case .text(let parent) = row[0], case .text(let child) = row[1] else { continue }
            actions[parent.lowercased(), default: []].insert(child.lowercased())
        }
        self.actions = actions
    }

    func reading(of table: String) -> TriggerScript.Reading {
        let table = table.lowercased()
        var reached: Set<String> = [table]
        var open = [table]
        while let next = open.popLast() {
            for child in actions[next] ?? [] {
                if child == table { return .interleaved }
                if reached.insert(child).inserted { open.append(child) }
            }
        }
        if !reached.isDisjoint(with: withEarlyTriggers) { return .interleaved }
        // An action runs between the two moments, and with it the triggers of the table that it writes to.
        if !reached.subtracting([table]).isDisjoint(with: withTriggers) { return .interleaved }
        return withTriggers.contains(table) ? .current : .given
    }

    /// Whether a trigger certainly runs after the write; without a word it runs before.
    private static func isAfter(_ sql: String, name: String) -> Bool {
        let names = [name, quoted(name), "[\(name)]", "`\(name)`", literal(name)]
        return names.contains { name in
            let head = "CREATE TRIGGER \(name)"
            guard sql.hasPrefix(head) else { return false }
            let rest = sql.dropFirst(head.count)
            guard rest.first?.isWhitespace == true else { return false }
            return rest.split(whereSeparator: \.isWhitespace).first?.lowercased() == "after"
        }
    }
}
