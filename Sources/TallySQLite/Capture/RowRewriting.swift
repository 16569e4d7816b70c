import SQLite
import TallyModel

/// Which tables' rows may be written again before the triggers that a first write fires have all run: by a user's
/// trigger, or by a foreign key's action that comes back round to the table.
struct RowRewriting {
    private let withTriggers: Set<String>
    /// For each table, those that a foreign key's action carries its changes to.
    private let actions: [String: Set<String>]

    init(in connection: Connection) throws {
        let triggers = try connection.all(
            "SELECT DISTINCT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name NOT GLOB '_tally_*'"
        )
        withTriggers = Set(triggers.compactMap { if case .text(let name)? = $0.first { name.lowercased() } else { nil } })
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
        var reached: Set<String> = []
        var open = [table]
        while let next = open.popLast() {
            if withTriggers.contains(next) { return .current }
            for child in actions[next] ?? [] {
                if child == table { return .current }
                if reached.insert(child).inserted { open.append(child) }
            }
        }
        return .given
    }
}
