import Foundation
import Synchronization
import TallyModel

/// Tables that Tally has made without their keys, which come when the rows are in: to sort a million keys once is much
/// less than to find the place of each.
///
/// That a table lacks its key is written down in `tally.late_key`, in the transaction that makes the table. Rows are
/// added to it without their key by one session alone, the one that has made it, and each no more than once. Whatever
/// else is to be done with the table, by this session or another, makes the key first.
final class LateKeys: Sendable {
    /// The columns of the keys that this session may do without, by table.
    private let own = Mutex<[TableName: [String]]>([:])

    /// From so many rows on.
    static let leastRows = 50_000

    /// The columns of the table's key, where this session may add rows without it.
    func key(of table: TableName) -> [String]? { own.withLock { $0[table] } }

    // MARK: Making

    /// Whether a table that is about to be made may go without its key for a while: somebody who reads this database's
    /// changes would find no key in it.
    static func areWelcome(in connection: PostgresConnection) throws -> Bool {
        let answer = try connection.execute(
            """
            SELECT NOT EXISTS (SELECT FROM pg_publication) AND to_regclass('tally.consumer') IS NULL,
                to_regclass('tally.late_key') IS NULL AND has_schema_privilege('tally', 'CREATE')
            """
        )
        return try answer.flag(0, 0) && (answer.flag(0, 1) || exist(in: connection))
    }

    /// Writes down that a table has been made without its key; in the transaction that makes it.
    func add(_ schema: TableSchema, of flow: String, in connection: PostgresConnection) throws {
        if try !Self.exist(in: connection) {
            try connection.execute(
                """
                CREATE TABLE tally.late_key(
                    table_schema text, table_name text, flow text NOT NULL, structure text NOT NULL,
                    PRIMARY KEY (table_schema, table_name)
                )
                """
            )
        }
        try connection.query(
            """
            INSERT INTO tally.late_key(table_schema, table_name, flow, structure) VALUES ($1, $2, $3, $4)
            ON CONFLICT (table_schema, table_name) DO UPDATE SET flow = excluded.flow, structure = excluded.structure
            """,
            Self.place(of: schema.name) + [
                .text(flow), .text(String(decoding: try JSONEncoder().encode(schema), as: UTF8.self)),
            ]
        )
        own.withLock { $0[schema.name] = schema.keyColumns.map(\.name) }
    }

    /// Makes the key of a table that lacks it, in the open transaction.
    ///
    /// - Returns: Whether there was anything to do.
    @discardableResult
    func make(_ table: TableName, in connection: PostgresConnection) throws -> Bool {
        own.withLock { $0[table] = nil }
        return try Self.make(table, in: connection)
    }

    private static func make(_ table: TableName, in connection: PostgresConnection) throws -> Bool {
        guard try exist(in: connection) else { return false }
        // Whoever comes second waits here, and finds nothing left to do.
        let entry = try connection.query(
            "DELETE FROM tally.late_key WHERE table_schema = $1 AND table_name = $2 RETURNING structure",
            place(of: table)
        )
        guard entry.rowCount == 1, let structure = entry.text(0, 0) else { return false }
        // Its user may have dropped it, or made the key.
        let schema = try JSONDecoder().decode(TableSchema.self, from: Data(structure.utf8))
        guard try PostgresCatalog.table(named: table, in: connection) == nil,
            try PostgresCatalog.table(named: table, in: connection, takingForKey: schema.keyColumns.map(\.name)) != nil
        else { return true }
        try TableMaker(table, in: connection).makeKey(of: schema)
        return true
    }

    // MARK: Without a session

    /// Whether the table lacks its key for a while.
    static func contain(_ table: TableName, in connection: PostgresConnection) throws -> Bool {
        guard try exist(in: connection) else { return false }
        let entry = try connection.query(
            "SELECT FROM tally.late_key WHERE table_schema = $1 AND table_name = $2",
            place(of: table)
        )
        return entry.rowCount > 0
    }

    /// Makes the keys that a flow has left, in the open transaction.
    static func makeAll(of flow: String, in connection: PostgresConnection) throws {
        guard try exist(in: connection) else { return }
        let entries = try connection.query(
            "SELECT table_schema, table_name FROM tally.late_key WHERE flow = $1",
            [.text(flow)]
        )
        for row in 0..<entries.rowCount {
            guard let schema = entries.text(row, 0), let name = entries.text(row, 1) else { continue }
            _ = try make(TableName(name, schema: schema.isEmpty ? nil : schema), in: connection)
        }
    }

    /// Whether there are entries, and this role may see to them: somebody else's role may have made the table.
    private static func exist(in connection: PostgresConnection) throws -> Bool {
        let rights = ["SELECT", "INSERT", "UPDATE", "DELETE"].map { "has_table_privilege(entries, '\($0)')" }
        let answer = try connection.execute(
            "SELECT \(rights.joined(separator: " AND ")) FROM to_regclass('tally.late_key') AS entries"
        )
        return answer.flag(0, 0)
    }

    private static func place(of table: TableName) -> [Parameter] {
        [.text(table.schema ?? ""), .text(table.name)]
    }
}

/// A chunk cannot be written without the table's key: the server has something against its rows, which have to be looked
/// at one by one, or it may not be the first time that they come.
struct KeyNeeded: Error {}
