import SQLite
import TallyMerge
import TallyModel
import Threading

/// Reads the conflicts of one column out of a group's ledger, beside whoever writes it.
actor GroupConflicts {
    private let thread = DatabaseThread(name: "conflicts")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    struct Conflict: Sendable {
        var before: Value?
        var writes: [(author: String, value: Value?)]
        var winner: String?
    }

    private let path: String

    init(ledger path: String) {
        self.path = path
    }

    /// - Parameters:
    ///   - key: The row's key, one text.
    ///   - column: The column's place in its table.
    func conflicts(of key: String, column: Int) throws -> [Conflict] {
        let connection = try Connection(path: path, access: .readOnly)
        defer { connection.close() }
        var authors: [Value: String] = [:]
        for row in try connection.all("SELECT actor, member FROM author") {
            if case .text(let name) = row[1] { authors[row[0]] = name }
        }
        let rows = try connection.all(
            "SELECT writes, winner_actor FROM conflict WHERE key = ? AND column_number = ? ORDER BY id",
            .bytes(KeyCoding.encode(Row([.text(key)]))),
            .integer(Int64(column))
        )
        return try rows.compactMap { row in
            guard case .bytes(let bytes) = row[0] else { return nil }
            let writes = try RowState(encoded: bytes).writes.compactMap { write in
                write.edits.first { $0.column == column }.map { (write.stamp.dot.actor, $0) }
            }
            return Conflict(
                before: writes.first?.1.before ?? nil,
                writes: writes.map { (authors[.integer(Int64($0.0.number))] ?? "?", $0.1.after) },
                winner: authors[row[1]]
            )
        }
    }
}
